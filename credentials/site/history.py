"""A subscriber's history, read from the audit trail (docs/rules.md 3.13)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, String, bindparam, func, select

from credentials.audit import Action, AuditRecord
from credentials.schema import audit as table
from storage.clock import latest_at

_ARRIVALS: Final = (Action.LINE_ADDED, Action.NUMBER_ADDED, Action.NUMBER_MOVED)
"""What was done to a number before the newest of these was done to its earlier holder, and is not shown."""


class Proof(StrEnum):
    """What proved who it was."""

    CALL = "CALL"
    """A call from the line."""
    TEMPORARY_PASSWORD = "TEMPORARY_PASSWORD"  # noqa: S105 - a name
    PASSWORD = "PASSWORD"  # noqa: S105 - a name
    ONE_TIME_PASSWORD = "ONE_TIME_PASSWORD"  # noqa: S105 - a name
    CONFIRMATION = "CONFIRMATION"
    """The confirmation ID and password."""
    LINK = "LINK"
    """A link in a mail."""
    SESSION = "SESSION"
    """A login that was complete."""
    OPERATOR = "OPERATOR"
    """Nothing: an operator did it."""


PROOFS: Final[Mapping[str, Proof]] = MappingProxyType(
    {
        Action.TEMPORARY_PASSWORD_SET: Proof.CALL,
        Action.LOGIN: Proof.PASSWORD,
        Action.PASSWORD_PROOF: Proof.PASSWORD,
        Action.PASSWORD_CHANGED: Proof.PASSWORD,
        Action.PASSWORD_REMOVED: Proof.PASSWORD,
        Action.PASSWORD_COPIED: Proof.PASSWORD,
        Action.UNIT_PROOF: Proof.PASSWORD,
        Action.UNIT_CHANGED: Proof.PASSWORD,
        Action.ONE_TIME_CHOSEN: Proof.SESSION,
        Action.ONE_TIME_LINK_SENT: Proof.SESSION,
        Action.ONE_TIME_ADDRESS_CONFIRMED: Proof.LINK,
        Action.ONE_TIME_CODE_SENT: Proof.PASSWORD,
        Action.ONE_TIME_CODE_PROOF: Proof.ONE_TIME_PASSWORD,
        Action.ONE_TIME_RESET: Proof.SESSION,
        Action.CONFIRMATION_PROOF: Proof.CONFIRMATION,
        Action.CONFIRMATION_CHANGED: Proof.CONFIRMATION,
        Action.SESSIONS_ENDED: Proof.SESSION,
        Action.LOGINS_LOCKED: Proof.SESSION,
        Action.LOGINS_UNLOCKED: Proof.CALL,
        Action.NOTICE_CHANGED: Proof.SESSION,
        Action.NOTICE_TAKEN_UP: Proof.SESSION,
    }
)
"""The actions that a history shows, and what proves them unless the record says otherwise."""


@dataclass(frozen=True)
class Event:
    """One thing in a history.

    Attributes:
        position: the place of its record, which names it.
        at: when it was done, in UTC.
        action: what was done (`credentials.audit.Action`).
        number: the number that it was done to.
        actor: the number that did it; "" for an operator.
        proof: what proved who that was, or was tried as a proof.
        verdict: the verdict on a try, such as ACCEPTED or WRONG; "" if it was none.
        session: the name of the session that it was done in; "" if in none.
    """

    position: int
    at: datetime
    action: str
    number: str
    actor: str
    proof: Proof
    verdict: str
    session: str


@dataclass(frozen=True)
class HistoryPage:
    """Some events of a history.

    Attributes:
        events: the newest first.
        older: what to ask for as `before` to get the next page; None if this is the last.
    """

    events: tuple[Event, ...]
    older: int | None


_NUMBERS: Final = bindparam("numbers", type_=String(), expanding=True)
_ARRIVED: Final = (
    select(table.c.number, func.max(table.c.position).label("position"))
    .where(table.c.number.in_(_NUMBERS), table.c.action.in_([action.value for action in _ARRIVALS]))
    .group_by(table.c.number)
    .subquery()
)
# Built once: that takes as long as to read a page of events.
_NEWEST: Final = (
    select(*(table.c[name] for name in AuditRecord.__dataclass_fields__))
    .outerjoin(_ARRIVED, _ARRIVED.c.number == table.c.number)
    .where(table.c.number.in_(_NUMBERS), table.c.action.in_(list(PROOFS)))
    .where(table.c.position > func.coalesce(_ARRIVED.c.position, 0))
    .order_by(table.c.position.desc())
    .limit(bindparam("most"))
)
_BEFORE: Final = _NEWEST.where(table.c.position < bindparam("before"))


def page(connection: Connection, numbers: Collection[str], *, before: int | None, size: int) -> HistoryPage:
    """Return the newest events of numbers, as long as their present line has had them.

    Args:
        connection: a transaction.
        numbers: all numbers of one line, or some of them.
        before: only events before this position.
        size: the most events that the page has.
    """
    given: dict[str, object] = {"numbers": list(numbers), "most": size + 1}
    if before is None:
        rows = connection.execute(_NEWEST, given)
    else:
        rows = connection.execute(_BEFORE, given | {"before": before})
    records = [AuditRecord(*row) for row in rows]
    events = tuple(_event(record) for record in records[:size])
    return HistoryPage(events, events[-1].position if len(records) > size else None)


def find(connection: Connection, numbers: Collection[str], position: int) -> Event | None:
    """Return the event at a position, if the history of those numbers has it."""
    events = page(connection, numbers, before=position + 1, size=1).events
    return events[0] if events and events[0].position == position else None


def arrived_at(connection: Connection, number: str, now: datetime) -> datetime | None:
    """Return when a number got its present line, by which its present holder is told from earlier ones.

    Args:
        connection: a transaction.
        number: the number.
        now: the present moment. What a wrong clock recorded in the future does not count.

    Returns:
        The moment; None if the audit trail does not tell. For a number that was removed, when its last line got it.
    """
    # A number arrives a few times. Asked for the last one alone, SQLite would go through the arrivals of all numbers.
    arrivals = table.c.action.in_([action.value for action in _ARRIVALS])
    moments = connection.scalars(select(table.c.at).where(table.c.number == number, arrivals)).all()
    return max((moment for moment in moments if moment <= latest_at(now)), default=None)


def _event(record: AuditRecord) -> Event:
    proof = PROOFS[record.action]
    if "temporary password" in record.detail:
        proof = Proof.TEMPORARY_PASSWORD
    by_operator = not record.origin
    if by_operator:
        proof = Proof.OPERATOR
    is_try = record.action == Action.LOGIN or record.action.endswith("_PROOF")
    kind, _, session = record.origin.partition(" ")
    return Event(
        position=record.position,
        at=record.at,
        action=record.action,
        number=record.number,
        actor="" if by_operator else record.actor,
        proof=proof,
        verdict=record.detail.partition(",")[0] if is_try else "",
        session=session if kind == "session" else "",
    )
