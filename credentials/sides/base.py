"""The common base of the sides of the store: the database, the keys, the clock, the limits, and the audit trail."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from credentials import audit
from credentials.errors import InvalidNumber
from credentials.limits.origin_brake import TryLimits
from credentials.limits.throttling import CallLimits
from credentials.lines.numbers import normalise_number
from credentials.one_line import one_line
from credentials.secrets.argon2id import FOR_CONFIRMATIONS, FOR_TEMPORARY_PASSWORDS, HashPolicy
from credentials.secrets.hashing import CONFIRMATION, Hasher
from credentials.secrets.keys import KeyRing
from credentials.site.session import SessionLimits
from storage.clock import Clock
from storage.database import Database, after_commit

Appended = Callable[[audit.Head], None]
"""Called with each new head of the audit trail once it is committed, in the thread that wrote it. It must not raise."""
NO_NUMBER = "0"  # what is hashed for a text that is not a number, to take as long as for a number
_LONGEST_TEXT = 200


def nobody(_head: audit.Head) -> None:
    """Ignore a new head of the audit trail."""


class StoreBase:
    """The database, keys, clock and limits that every side of the store works with."""

    def __init__(
        self,
        database: Database,
        *,
        ring: KeyRing,
        clock: Clock,
        policy: HashPolicy | None,
        limits: CallLimits,
        session_limits: SessionLimits | None = None,
        appended: Appended = nobody,
    ) -> None:
        self._database = database
        self._ring = ring
        self._temporary_hasher = Hasher(ring, policy or FOR_TEMPORARY_PASSWORDS)
        self._password_hasher = Hasher(ring, policy or HashPolicy())
        self._confirmation_hasher = Hasher(ring, policy or FOR_CONFIRMATIONS, CONFIRMATION)
        self._clock = clock
        self._limits = limits
        self._session_limits = session_limits or SessionLimits()
        self._tries = TryLimits()
        self._appended = appended

    def now(self) -> datetime:
        """Return the present moment by the store's clock, in UTC."""
        return read_clock(self._clock)

    def _record(self, connection: Connection, entries: Sequence[audit.Entry], *, actor: str, origin: str) -> None:
        """Append to the audit trail, as the last step before the commit (`credentials.audit` says why)."""
        who, whence = one_line(actor, _LONGEST_TEXT), one_line(origin, _LONGEST_TEXT)
        head = audit.append(connection, entries, at=self.now(), actor=who, origin=whence, key=self._ring.current)
        if head is not None:
            after_commit(connection, lambda: self._appended(head))


def read_clock(clock: Clock) -> datetime:
    """Return the present moment in UTC.

    Raises:
        ValueError: the clock's moment has no time zone.
    """
    now = clock()
    if now.tzinfo is None:
        raise ValueError(f"{now} has no time zone: the store's clock must return aware datetimes")
    return now.astimezone(UTC)


def number_or_none(text: str) -> str:
    """Return a typed number in its stored form; for a text that is not a number, one that nobody has."""
    try:
        return normalise_number(text)
    except InvalidNumber:
        return NO_NUMBER
