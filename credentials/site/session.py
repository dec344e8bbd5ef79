"""A session of the settings site (docs/rules.md 3.9): its values, its id, and its limits."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from credentials.model import ChangeReason, Line, Login, Unit

_ID_BYTES: Final = 32


class Stage(StrEnum):
    """How far a session has come. The store alone decides it; only COMPLETE opens the site."""

    CHANGE_PASSWORD = "CHANGE_PASSWORD"  # noqa: S105 - a name
    """The password has to be changed first; nothing else is open."""
    CHOOSE_ONE_TIME_PASSWORD = "CHOOSE_ONE_TIME_PASSWORD"  # noqa: S105 - a name
    """The number has not chosen yet whether it uses one-time passwords."""
    PROVE_ONE_TIME_PASSWORD = "PROVE_ONE_TIME_PASSWORD"  # noqa: S105 - a name
    """A one-time password has to be proved."""
    COMPLETE = "COMPLETE"


class EndReason(StrEnum):
    """Why a session has ended, or an id is none any more."""

    LOGGED_OUT = "LOGGED_OUT"
    NEWER_LOGIN = "NEWER_LOGIN"
    """Its number has logged in again, there or elsewhere."""
    IDLE = "IDLE"
    """It was not used for too long."""
    TOO_OLD = "TOO_OLD"
    """It has lasted as long as a session may, however much it was used."""
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a name
    UNIT_CHANGED = "UNIT_CHANGED"
    LOCKED = "LOCKED"
    """An operator has locked the line or the logins of the number."""
    REPORTED = "REPORTED"
    """A subscriber of the line said of a record of its history: this was not me."""
    ENDED_BY_OPERATOR = "ENDED_BY_OPERATOR"
    ENDED_BY_SUBSCRIBER = "ENDED_BY_SUBSCRIBER"
    """A subscriber ended the sessions of the number or of the line."""
    SETTINGS_CHANGED = "SETTINGS_CHANGED"
    """The one-time password of its number was changed before the login was complete."""
    RENEWED = "RENEWED"
    """The session goes on under another id, which the browser got with an earlier answer."""


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts.

    Attributes:
        idle: how long after its last use it ends.
        absolute: how long after its login it ends, however much it is used.
    """

    idle: timedelta = timedelta(minutes=15)
    absolute: timedelta = timedelta(hours=12)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.idle <= self.absolute:
            raise ValueError(f"{self}: a session must last longer than 0, and no longer idle than in all")


@dataclass(frozen=True)
class SessionId:
    """A new session's id for its browser, and what the database has of it.

    Attributes:
        text: 256 random bits, for the cookie alone; the repr does not show it.
        digest: what the database knows the id by.
    """

    text: str = field(repr=False)
    digest: str = field(repr=False)

    @classmethod
    def random(cls) -> Self:
        """Return a new id."""
        text = secrets.token_urlsafe(_ID_BYTES)
        return cls(text, digest_of(text))


def digest_of(session_id: str) -> str:
    """Return what the database knows an id by: SHA-256, since nobody can guess 256 random bits."""
    return hashlib.sha256(session_id.encode("utf-8", errors="surrogatepass")).hexdigest()


def new_name() -> str:
    """Return a new name of a session for the audit trail and the log. It opens nothing."""
    return uuid.uuid4().hex[:16]


@dataclass(frozen=True)
class Session:
    """A session in force.

    Attributes:
        name: its name for the audit trail and the log; it is not the id, and opens nothing.
        number: the number that logged in.
        contract_number: the contract number of its line.
        unit: the unit of its line; None before the line's first password.
        language: the language of its line.
        stage: how far it has come.
        must_change: why its password has to be changed first; None if that is not so.
        started_at: when it logged in, in UTC.
        idle_ends_at: when it ends unless it is used before, in UTC.
        ends_at: when it ends in any case, in UTC.
    """

    name: str
    number: str
    contract_number: str
    unit: Unit | None
    language: str
    stage: Stage
    must_change: ChangeReason | None
    started_at: datetime
    idle_ends_at: datetime
    ends_at: datetime

    @property
    def is_administrator(self) -> bool:
        """Whether the number may manage the other numbers of its line (docs/rules.md 3.9)."""
        return self.number == self.contract_number and self.unit in (Unit.LINE, Unit.ADMIN_USER)


@dataclass(frozen=True)
class EndedSession:
    """A session that has ended, as its older page is told.

    Attributes:
        reason: why it ended.
        at: when it ended, in UTC; for NEWER_LOGIN, when that login was made.
    """

    reason: EndReason
    at: datetime


@dataclass(frozen=True)
class Use:
    """A use of a session that is not noted yet.

    Attributes:
        digest: what the database knows the session's id by.
        at: when it was used, in UTC.
    """

    digest: str = field(repr=False)
    at: datetime


@dataclass(frozen=True)
class Entered:
    """What a page finds under the id of a session.

    Attributes:
        session: the session, if it is in force; why and when it ended; None if there is none (any more).
        line: the line of a session that is complete.
        use: the use that is to be noted (`note_use`); None if it need not be: most pages then cost no
            write. `session` is as it is with this use.
    """

    session: Session | EndedSession | None
    line: Line | None = None
    use: Use | None = None


@dataclass(frozen=True)
class SessionStart:
    """The answer to a login try.

    Attributes:
        login: the verdict on the try.
        session_id: the id of the new session, for the browser's cookie alone; None if the login was not accepted. The
            repr does not show it.
    """

    login: Login
    session_id: str | None = field(default=None, repr=False)
