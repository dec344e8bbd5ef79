"""Helpers for tests of mail: letters, and a sender that runs beside the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Self

from credentials.secrets.keys import KeyRing
from mail.letter import Letter, Purpose
from mail.outbox import Delivery, MailLimits, Outbox, State
from mail.sending import Happening, Kind, Sender
from mail.settings import MailSettings
from storage.clock import utc_now
from storage.database import Database

UNLIMITED = MailLimits(of_a_number=(), of_an_address=(), of_a_client=())
CODE, LINK = "482910", "https://portal.example.jp/confirm/Zq3x9-canary"
ADDRESS, NUMBER, CLIENT = "ann@example.jp", "0312345678", "192.0.2.7"


def letter_for(now: datetime, *, lives_s: float = 300.0, **values: Any) -> Letter:
    """Return a letter with a code and a link."""
    given: dict[str, Any] = {
        "purpose": Purpose.CODE,
        "to": ADDRESS,
        "subject": "ワンタイムパスワードのお知らせ",
        "body": f"ワンタイムパスワード: {CODE}\n{LINK}\n",
        "useful_until": now + timedelta(seconds=lives_s),
        "number": NUMBER,
        "client": CLIENT,
    }
    return Letter(**given | values)


class Post:
    """An outbox and a sender on a database, both by the database's own clock."""

    def __init__(self, database: Database, keys: KeyRing, settings: MailSettings) -> None:
        self.happenings: list[Happening] = []
        self.database = database
        self.sender = Sender(database, keys, settings, watch=self.happenings.append, poll_s=0.05)
        self.outbox = Outbox(keys, limits=UNLIMITED, added=self.sender.wake)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.sender.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._running is not None and not self._running.done():
            self.sender.stop()
        await self.ended()

    async def ended(self) -> None:
        """Wait until the sender has ended."""
        assert self._running is not None
        await self._running

    async def mail(self, **values: Any) -> str:
        """Put a letter into the outbox."""
        letter = letter_for(utc_now(), **values)

        def add() -> str:
            with self.database.writing() as connection:
                return self.outbox.add(connection, letter)

        return await asyncio.to_thread(add)

    async def look(self, letter_id: str) -> Delivery:
        """Return what became of a letter so far."""

        def find() -> Delivery | None:
            with self.database.reading() as connection:
                return self.outbox.find(connection, letter_id)

        delivery = await asyncio.to_thread(find)
        assert delivery is not None
        return delivery

    async def outcome(self, letter_id: str, state: State, within_s: float = 15.0) -> Delivery:
        """Wait until a letter is in a state."""
        return await self._until(letter_id, lambda delivery: delivery.state is state, within_s)

    async def told(self, *kinds: Kind, within_s: float = 15.0) -> None:
        """Wait until the sender has told of so many happenings, which must be these: it tells after it has noted."""
        await self.until(lambda: len(self.happenings) >= len(kinds), within_s)
        assert tuple(happening.kind for happening in self.happenings) == kinds

    async def until(self, is_so: Callable[[], bool], within_s: float = 15.0) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(within_s):
            while True:
                if is_so():
                    return
                await asyncio.sleep(0.02)

    async def tried(self, letter_id: str, tries: int = 1, within_s: float = 15.0) -> Delivery:
        """Wait until a letter was tried and waits again."""
        return await self._until(
            letter_id, lambda delivery: delivery.tries >= tries and bool(delivery.reason), within_s
        )

    async def _until(self, letter_id: str, is_so: Callable[[Delivery], bool], within_s: float) -> Delivery:
        async with asyncio.timeout(within_s):
            while True:
                delivery = await self.look(letter_id)
                if is_so(delivery):
                    return delivery
                await asyncio.sleep(0.02)
