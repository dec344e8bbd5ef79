"""Reads and changes sessions (docs/rules.md 3.9), inside the caller's transaction.

Code that starts or ends a session first holds its number's line (`provisioning.hold_line`), so that of two logins one
is the newer. A use is noted without that: it changes one row, and only while that session is in force.

A session that a wrong clock dated in the future would last too long, so it has ended.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from credentials.model import ChangeReason, Line, Unit
from credentials.schema import lines, numbers
from credentials.schema import sessions as table
from credentials.site import login_locks
from credentials.site.session import EndedSession, EndReason, SessionId, SessionLimits
from storage.clock import latest_at

USE_STEP: Final = timedelta(seconds=30)
"""A use within so short a time after the last noted one is not written."""
_KEPT: Final = timedelta(hours=24)
"""How long an ended session is kept, so that its page is told why it ended."""
_REMOVED_AT_ONCE: Final = 100


@dataclass(frozen=True)
class StoredSession:
    """A session as it is stored, with what its line says.

    Attributes:
        name: its name for the audit trail.
        number: the number that logged in.
        contract_number: the contract number of its line.
        unit: the unit of its line.
        language: the language of its line.
        is_locked: whether the line, or the logins of the number, are locked.
        must_change: why its password has to be changed first.
        credential_id: the credential that its login proved.
        started_at: when it logged in.
        used_at: when its last use was noted.
        completed_at: when the login was complete; None if it is not.
        ended: why and when it was ended; None if nobody did.
    """

    name: str
    number: str
    contract_number: str
    unit: Unit | None
    language: str
    is_locked: bool
    must_change: ChangeReason | None
    credential_id: str
    started_at: datetime
    used_at: datetime
    completed_at: datetime | None
    ended: EndedSession | None

    def end(self, limits: SessionLimits, now: datetime) -> EndedSession | None:
        """Return why and when it ended; None if it is in force."""
        if self.ended is not None:
            return self.ended
        if self.is_locked:
            return EndedSession(EndReason.LOCKED, now)
        idle_ends_at, ends_at = self.used_at + limits.idle, self.started_at + limits.absolute
        if ends_at <= min(now, idle_ends_at) or self.started_at > latest_at(now):
            return EndedSession(EndReason.TOO_OLD, min(ends_at, now))
        if idle_ends_at <= now or self.used_at > latest_at(now):
            return EndedSession(EndReason.IDLE, min(idle_ends_at, now))
        return None


_WITH_LINE: Final = (
    select(
        table,
        lines.c.contract_number,
        lines.c.unit,
        lines.c.language,
        lines.c.locked_at,
        login_locks.locks(table.c.number, lines.c.contract_number).label("logins_locked"),
    )
    .join_from(table, numbers, table.c.number == numbers.c.number)
    .join(lines, numbers.c.contract_number == lines.c.contract_number)
)


_MEMBERS: Final = numbers.alias()
_NUMBERS: Final = (
    select(func.aggregate_strings(_MEMBERS.c.number, ","))
    .where(_MEMBERS.c.contract_number == lines.c.contract_number)
    .scalar_subquery()
)
# Built once: to build a statement and to recognise it as one that is compiled takes as long as to run it.
_BY_ID: Final = _WITH_LINE.where(table.c.id_digest == bindparam("digest"))
_BY_FORMER_ID: Final = _WITH_LINE.where(table.c.former_digest == bindparam("digest"))
_BY_ID_WITH_NUMBERS: Final = _BY_ID.add_columns(_NUMBERS.label("line_numbers"))
_BY_FORMER_ID_WITH_NUMBERS: Final = _BY_FORMER_ID.add_columns(_NUMBERS.label("line_numbers"))


def find(connection: Connection, digest: str) -> StoredSession | None:
    """Return the session that an id's digest names, in force or not; None if there is none (any more)."""
    row = _row(connection, digest, _BY_ID, _BY_FORMER_ID)
    return None if row is None else _named(row, digest)


def find_with_line(connection: Connection, digest: str) -> tuple[StoredSession, Line] | None:
    """Return what `find` returns, with the session's line, by one statement."""
    row = _row(connection, digest, _BY_ID_WITH_NUMBERS, _BY_FORMER_ID_WITH_NUMBERS)
    if row is None:
        return None
    line = Line(
        contract_number=row.contract_number,
        numbers=frozenset(row.line_numbers.split(",")),
        language=row.language,
        locked=row.locked_at is not None,
        unit=None if row.unit is None else Unit(row.unit),
    )
    return _named(row, digest), line


def _row(connection: Connection, digest: str, by_id: Select[Any], by_former_id: Select[Any]) -> Row[Any] | None:
    found = connection.execute(by_id, {"digest": digest}).one_or_none()
    return found or connection.execute(by_former_id, {"digest": digest}).one_or_none()


def _named(row: Row[Any], digest: str) -> StoredSession:
    """Return a session as an id's digest names it: by its former id it has ended."""
    stored = _stored(row)
    if row.id_digest == digest:
        return stored
    return replace(stored, ended=stored.ended or EndedSession(EndReason.RENEWED, row.renewed_at))


def _stored(row: Row[Any]) -> StoredSession:
    return StoredSession(
        name=row.name,
        number=row.number,
        contract_number=row.contract_number,
        unit=None if row.unit is None else Unit(row.unit),
        language=row.language,
        is_locked=row.locked_at is not None or row.logins_locked,
        must_change=None if row.must_change is None else ChangeReason(row.must_change),
        credential_id=row.credential_id,
        started_at=row.started_at,
        used_at=row.used_at,
        completed_at=row.completed_at,
        ended=None if row.ended_at is None else EndedSession(EndReason(row.end_reason), row.ended_at),
    )


@dataclass(frozen=True)
class NewSession:
    """A session to store.

    Attributes:
        id: its id.
        name: its name for the audit trail.
        number: the number that logs in.
        must_change: why its password has to be changed first.
        credential_id: the credential that its login proved.
        is_complete: whether nothing more is asked of the login.
    """

    id: SessionId
    name: str
    number: str
    must_change: ChangeReason | None
    credential_id: str
    is_complete: bool


def start(connection: Connection, new: NewSession, *, now: datetime) -> None:
    """Store a new session, and end every other one of its number."""
    end(connection, [new.number], EndReason.NEWER_LOGIN, now)
    connection.execute(
        insert(table).values(
            id_digest=new.id.digest,
            name=new.name,
            number=new.number,
            must_change=None if new.must_change is None else new.must_change.value,
            credential_id=new.credential_id,
            started_at=now,
            used_at=now,
            completed_at=now if new.is_complete else None,
        )
    )


def complete(connection: Connection, name: str, new: SessionId, *, now: datetime) -> None:
    """Note that the login is complete, and give the session a new id; the former one opens nothing any more."""
    former = {"former_digest": table.c.id_digest, "renewed_at": now}
    this = update(table).where(table.c.name == name)
    connection.execute(this.values(former | {"id_digest": new.digest, "completed_at": now, "used_at": now}))


def note_use(connection: Connection, digest: str, *, now: datetime) -> bool:
    """Note that a session in force is used now, unless a later use is noted, and return whether it was noted."""
    in_force = (table.c.id_digest == digest) & table.c.ended_at.is_(None)
    earlier = table.c.used_at < now
    return connection.execute(update(table).where(in_force, earlier).values(used_at=now)).rowcount == 1


def end(
    connection: Connection,
    of_numbers: Collection[str],
    reason: EndReason,
    now: datetime,
    *,
    but: str | None = None,
) -> int:
    """End the sessions of numbers, half-finished logins among them, and return how many there were.

    Args:
        connection: a writing transaction that holds their line.
        of_numbers: whose sessions end.
        reason: why.
        now: when.
        but: the name of a session that goes on.
    """
    theirs = table.c.number.in_(of_numbers)
    return _end(connection, theirs if but is None else theirs & (table.c.name != but), reason, now)


def end_line(
    connection: Connection, contract_number: str, reason: EndReason, now: datetime, *, but: str | None = None
) -> int:
    """End the sessions of all numbers of a line, as `end` does."""
    of_line = table.c.number.in_(select(numbers.c.number).where(numbers.c.contract_number == contract_number))
    return _end(connection, of_line if but is None else of_line & (table.c.name != but), reason, now)


def end_one(connection: Connection, name: str, reason: EndReason, now: datetime) -> bool:
    """End one session, and return whether it was in force."""
    return _end(connection, table.c.name == name, reason, now) == 1


def _end(connection: Connection, which: Any, reason: EndReason, now: datetime) -> int:
    ended = update(table).where(which, table.c.ended_at.is_(None)).values(ended_at=now, end_reason=reason.value)
    return connection.execute(ended).rowcount


def in_force(
    connection: Connection, of_numbers: Collection[str], limits: SessionLimits, now: datetime
) -> list[StoredSession]:
    """Return the sessions of numbers that are in force."""
    open_ones = _WITH_LINE.where(table.c.number.in_(of_numbers), table.c.ended_at.is_(None))
    stored = (_stored(row) for row in connection.execute(open_ones).all())
    return [session for session in stored if session.end(limits, now) is None]


def remove_old(connection: Connection, limits: SessionLimits, now: datetime) -> None:
    """Delete some of the sessions that ended so long ago that no page asks for them.

    Rows that another transaction has are left to the next login, so that two logins never wait for each other here.
    """
    old = select(table.c.name).where(table.c.started_at <= now - limits.absolute - _KEPT)
    some = old.order_by(table.c.started_at).limit(_REMOVED_AT_ONCE).with_for_update(skip_locked=True)
    if names := connection.scalars(some).all():  # for an empty list PostgreSQL may read all sessions
        connection.execute(delete(table).where(table.c.name.in_(names)))


def remove(connection: Connection, of_numbers: Collection[str]) -> None:
    """Delete the sessions of numbers, because they get another holder."""
    connection.execute(delete(table).where(table.c.number.in_(of_numbers)))
