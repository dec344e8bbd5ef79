"""A store with lines for the settings site, and what a subscriber does by telephone."""

from __future__ import annotations

import io
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from credentials.model import Unit
from credentials.secrets.keys import Key, KeyRing
from credentials.site.session import SessionLimits
from mail.outbox import MAIL, Outbox
from mail.outbox.schema import letters
from mail.outbox.sealing import unseal
from notice.store.opening import NoticeStore
from portal.config import PortalConfig
from storage.database import Database
from storage.migrate import upgrade
from tests.credentials.stores import CHEAP, MANY_CALLS

CONTRACT, SECOND, THIRD = "0312345678", "0312345679", "0312345680"
OTHER_LINE = "0661234567"
MANY = "0452000000"
MANY_NUMBERS = tuple(f"04520000{place:02}" for place in range(40))
"""A line of 40 numbers; the first is its contract number."""
SINGLE = "0527654321"
TEMPORARY = "24681357"
PASSWORD = "a7k2m9x4"
ACCESS_NUMBER = "0363044747"

LINES = "contract_number,number\n" + "".join(
    f"{contract},{number}\n"
    for contract, number in [
        (CONTRACT, SECOND),
        (CONTRACT, THIRD),
        (OTHER_LINE, "0661234568"),
        (SINGLE, ""),
        *((MANY, number) for number in MANY_NUMBERS[1:]),
    ]
)


class Stage:
    """What the site works with, in its own directory.

    Args:
        directory: the directory for the store.
        url: its database, if that is not a file in the directory.
        copy_of: another stage, closed, which this one continues: its file is copied, which is quicker than making one.
            If there is a URL, the database there is a copy of the other's already.

    Attributes:
        later: how far the clock of store and site is ahead.
    """

    def __init__(self, directory: Path, *, url: str = "", copy_of: Stage | None = None) -> None:
        self.directory = directory
        self.url = url or f"sqlite:///{directory / 'store.db'}"
        self.key: Key = Key.generate() if copy_of is None else copy_of.key
        self.later = timedelta(0)
        self._stopped_at: datetime | None = None
        self._calls = 0
        if copy_of is not None and not url:
            shutil.copy(copy_of.directory / "store.db", directory / "store.db")
        self.store = self.open_store()
        self.database = Database(self.url)
        upgrade(self.database, MAIL)
        if copy_of is None:
            self.later = timedelta(days=-1)  # the lines were there before what a test lets happen
            self.store.import_lines(io.StringIO(LINES))
            self.later = timedelta(0)

    def now(self) -> datetime:
        return (self._stopped_at or datetime.now(UTC)) + self.later

    def stop_clock(self) -> None:
        """Have the clock stand still: only `later` moves it."""
        self._stopped_at = datetime.now(UTC)

    def open_store(self) -> NoticeStore:
        return NoticeStore.open(
            self.url,
            key=self.key,
            policy=CHEAP,
            clock=self.now,
            limits=MANY_CALLS,
            session_limits=SessionLimits(),
        )

    def open_outbox(self) -> Outbox:
        return Outbox(KeyRing([self.key]), clock=self.now)

    def mails(self, number: str = CONTRACT) -> list[dict[str, str]]:
        """Return the mails about a number, the newest last: their address, subject and body."""
        with self.database.reading() as connection:
            found = connection.execute(
                select(letters).where(letters.c.number == number).order_by(letters.c.created_at)
            ).all()
        mails = []
        for row in found:
            subject, body = unseal(self.key, row.letter_id, row.sealed)
            mails.append({"to": row.address, "subject": subject, "body": body})
        return mails

    def config(self, **changes: Any) -> PortalConfig:
        values: dict[str, Any] = {
            "open_store": self.open_store,
            "open_outbox": self.open_outbox,
            "access_number": ACCESS_NUMBER,
            "url": "https://settings.example.jp",
        }
        return PortalConfig(**(values | changes))

    def call(
        self, target: str = CONTRACT, *, unit: Unit = Unit.NUMBER, caller: str = "", password: str = TEMPORARY
    ) -> None:
        """Set a temporary password by telephone."""
        self._calls += 1
        self.store.set_temporary_password(
            caller=caller or target, target=target, unit=unit, password=password, call_id=f"call {self._calls}"
        )

    def subscribe(self, *numbers: str, unit: Unit = Unit.NUMBER, password: str = PASSWORD) -> None:
        """Give numbers a password: by telephone, then at the site."""
        for number in numbers:
            self.call(number, unit=unit)
            start = self.store.start_session(number, TEMPORARY)
            assert start.session_id is not None
            changed = self.store.change_password_in(start.session_id, current=TEMPORARY, new=password)
            assert changed.changed
            self.store.use_no_one_time_password(str(self.store.start_session(number, password).session_id))

    def close(self) -> None:
        self.store.close()
        self.database.close()
