"""Sends what is in the outbox, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, ParamSpec, TypeVar

import structlog

from credentials.secrets.keys import KeyRing
from mail.letter import Purpose
from mail.outbox.deliveries import Reason
from mail.outbox.leases import Leased, Leases
from mail.sending.backoff import away_delay_s, letter_delay
from mail.sending.outcomes import Away, Outcome, PutOff, Refused, Taken, Trouble
from mail.sending.server import MailServer
from mail.settings import MailSettings
from storage.clock import Clock
from storage.database import Database
from storage.errors import StoreUnavailable

POLL_S: Final = 0.5
"""How often the outbox is looked into for letters that other processes added."""
_LEASE_OVER_TIMEOUT_S: Final = 15.0
"""How much longer a lease lasts than sending may take: time to note what came of it."""
_TIDY_S: Final = 5.0
_FORGET_S: Final = 3600.0
_STORE_AWAY_S: Final = 1.0
_SETTLE_WHEN_STOPPED_S: Final = 10.0

P = ParamSpec("P")
R = TypeVar("R")

_log = structlog.get_logger(__name__)


class Kind(StrEnum):
    """What can happen to a letter."""

    TAKEN = "taken"
    REFUSED = "refused"
    PUT_OFF = "put_off"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something happened to a letter.

    Attributes:
        kind: what.
        purpose: what the letter was for; None for letters that expired, which are given up together.
        waited_s: how many seconds it was in the outbox by then; 0 for letters that expired.
        letters: how many letters it happened to.
    """

    kind: Kind
    purpose: Purpose | None = None
    waited_s: float = 0.0
    letters: int = 1


@dataclass(slots=True)
class Counts:
    """How many letters this sender has dealt with.

    Attributes:
        taken: the server took them.
        refused: a server refused them for good.
        put_off: how often one was to be tried again, by its server's wish or because ours was away.
        expired: could not be sent as long as they were of use.
    """

    taken: int = 0
    refused: int = 0
    put_off: int = 0
    expired: int = 0


def _unwatched(_: Happening) -> None:
    pass


class Sender:
    """Takes letters from the outbox, and hands them to the mail server. Several senders may share an outbox.

    Args:
        database: the store's, with the outbox's tables.
        keys: the store's keys.
        settings: name the mail server.
        clock: a clock that decides instead of the database's, for tests.
        watch: called with what happens to letters, on the sender's loop.
        poll_s: how often to look for letters that other processes added.

    Attributes:
        counts: how many letters it has dealt with.
        trouble: why the mail server takes no letters at present; None if it does, as far as is known.

    Raises:
        SettingsError: the trusted certificates cannot be read.
    """

    def __init__(
        self,
        database: Database,
        keys: KeyRing,
        settings: MailSettings,
        *,
        clock: Clock | None = None,
        watch: Callable[[Happening], None] = _unwatched,
        poll_s: float = POLL_S,
    ) -> None:
        self.counts = Counts()
        self.trouble: Trouble | None = None
        self._settings = settings
        self._server = MailServer(settings, keys.current)
        lease = timedelta(seconds=settings.smtp_timeout_s + _LEASE_OVER_TIMEOUT_S)
        self._leases = Leases(database, keys, lease=lease, clock=clock)
        self._watch = watch
        self._poll_s = poll_s
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._stopping = False
        self._times_away = 0
        self._pause_until = 0.0
        self._store_away = False

    def wake(self) -> None:
        """Look into the outbox now. May be called from any thread, whether the sender runs or not."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(self._news.set)

    def stop(self) -> None:
        """Let `run` end as soon as what is under way has come to an end; called again, at once.

        What is cut off is sent again by another sender, or by the next one. May be called from any thread.
        """
        loop = self._loop
        if self._stopping and loop is not None:
            with contextlib.suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(self._cut_off)
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Send until `stop` is called."""
        self._loop = asyncio.get_running_loop()
        tidying = asyncio.create_task(self._tidy())
        try:
            while not self._stopping:
                self._news.clear()
                for letter in await self._take():
                    self._begin(letter)
                await self._wait()
            if self._under_way:
                await asyncio.wait(self._under_way)
        finally:
            tidying.cancel()
            await self._server.close()

    def _cut_off(self) -> None:
        for task in self._under_way:
            task.cancel()

    async def _wait(self) -> None:
        """Wait until there may be something to take up."""
        pause_s = self._pause_until - asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), max(self._poll_s, pause_s))

    async def _take(self) -> list[Leased]:
        """Take up as many letters as may be under way; only one while the mail server is away."""
        most = (1 if self._times_away else self._settings.mails_at_once) - len(self._under_way)
        if most < 1 or asyncio.get_running_loop().time() < self._pause_until:
            return []
        try:
            letters = await asyncio.to_thread(self._take_due, most)
        except StoreUnavailable as error:
            await self._lose_store(error)
            return []
        if self._store_away:
            self._store_away = False
            _log.info("outbox_back")
        if len(letters) == most:
            self._news.set()  # there may be more
        return letters

    def _take_due(self, most: int) -> list[Leased]:
        return self._leases.take(most) if self._leases.any_due() else []

    def _begin(self, letter: Leased) -> None:
        task = asyncio.create_task(self._send(letter, asyncio.get_running_loop().time()))
        self._under_way.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._news.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # A mistake of ours with one letter must not end the sender: its lease ends, and it is tried again.
            _log.error("letter_failed", exc_info=error)

    async def _send(self, letter: Leased, taken_up: float) -> None:
        loop = asyncio.get_running_loop()
        outcome = await self._server.hand_over(letter, letter.useful_s - (loop.time() - taken_up))
        waited_s = letter.lives_s - letter.useful_s + loop.time() - taken_up
        match outcome:
            case Taken():
                self._server_is_there()
                await self._settle(self._leases.taken, letter)
                self.counts.taken += 1
            case Refused():
                self._server_is_there()
                await self._settle(self._leases.refused, letter, outcome.reason, outcome.reply)
                self.counts.refused += 1
            case PutOff():
                self._server_is_there()
                delay = letter_delay(letter.tries, letter.lives_s)
                await self._settle(self._leases.put_off, letter, delay, outcome.reason, outcome.reply)
                self.counts.put_off += 1
            case Away():
                pause = timedelta(seconds=self._server_is_away(outcome))
                await self._settle(self._leases.put_off, letter, pause, Reason.SERVER_AWAY, "")
                self.counts.put_off += 1
        self._tell(letter, outcome, waited_s)

    def _tell(self, letter: Leased, outcome: Outcome, waited_s: float) -> None:
        known = {"letter": letter.letter_id, "purpose": letter.purpose.value, "tries": letter.tries}
        match outcome:
            case Taken():
                kind = Kind.TAKEN
                _log.info("letter_taken", **known, waited_s=round(waited_s, 2))
            case Refused():
                kind = Kind.REFUSED
                _log.warning("letter_refused", **known, reason=outcome.reason.value, code=outcome.code)
            case PutOff():
                kind = Kind.PUT_OFF
                _log.info("letter_put_off", **known, reason=outcome.reason.value, code=outcome.code)
            case Away():
                kind = Kind.PUT_OFF
        self._watch(Happening(kind=kind, purpose=letter.purpose, waited_s=waited_s))

    def _server_is_there(self) -> None:
        if self.trouble is not None:
            _log.info("mail_server_back", server=self._settings.smtp_host)
        self.trouble, self._times_away, self._pause_until = None, 0, 0.0

    def _server_is_away(self, away: Away) -> float:
        """Pause, longer each time, and return for how many seconds."""
        now = asyncio.get_running_loop().time()
        if now >= self._pause_until:  # otherwise another letter has just found the same
            self._times_away += 1
            self._pause_until = now + away_delay_s(self._times_away)
        if self.trouble is not away.trouble:
            self.trouble = away.trouble
            where = f"{self._settings.smtp_host}:{self._settings.port}"
            _log.error("mail_server_away", server=where, trouble=away.trouble.value, detail=away.detail)
        return max(self._pause_until - now, 0.0)

    async def _settle(self, note: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Note what came of a letter, however long the database is away: otherwise it would be sent again."""
        give_up: float | None = None
        loop = asyncio.get_running_loop()
        while True:
            try:
                await asyncio.to_thread(note, *args, **kwargs)
            except StoreUnavailable as error:
                if self._stopping and give_up is None:
                    give_up = loop.time() + _SETTLE_WHEN_STOPPED_S
                if give_up is not None and loop.time() > give_up:
                    _log.error("letter_not_noted", reason=str(error))
                    return
                await self._lose_store(error)
            else:
                return

    async def _lose_store(self, error: StoreUnavailable) -> None:
        if not self._store_away:
            self._store_away = True
            _log.error("outbox_away", reason=str(error))
        await asyncio.sleep(_STORE_AWAY_S)

    async def _tidy(self) -> None:
        """Give up letters that are of no use any more; every hour forget what became of old ones."""
        loop = asyncio.get_running_loop()
        forget_at = loop.time()
        keep = timedelta(days=self._settings.mail_days)
        while True:
            with contextlib.suppress(StoreUnavailable):  # `_take` tells
                if expired := await asyncio.to_thread(self._leases.give_up_late):
                    self.counts.expired += expired
                    _log.warning("letters_expired", letters=expired)
                    self._watch(Happening(kind=Kind.EXPIRED, letters=expired))
                if loop.time() >= forget_at:
                    while await asyncio.to_thread(self._leases.forget, keep):
                        pass
                    forget_at = loop.time() + _FORGET_S
            await asyncio.sleep(_TIDY_S)
