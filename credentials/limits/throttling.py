"""Limits of calls per number and per line, counted across calls and hosts, inside the caller's transaction.

Too many calls from one number refuse that number. Too many calls from all numbers of a line refuse its additional
numbers: the line's holder, who calls from the contract number, is never held up by others (docs/rules.md 4.1, 4.2).
Code that counts a call holds the call's line (`provisioning.hold_line`). Calls that a wrong clock counted in the future
do not count, nor does a refusal that would last longer than one that starts now; the next counted call removes them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, insert, select, update

from credentials.schema import counted_calls as table
from credentials.schema import lines, numbers
from storage.clock import latest_at

_SET, _FAILED = "SET", "FAILED"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class CallLimits:
    """The limits of the calls from a number; a line may make three times as many.

    Attributes:
        sets_per_hour: how many calls may set a temporary password within an hour. The default suits the day on which an
            office sets all of its numbers: a call takes about a minute.
        failed_calls: how many calls may fail (too many wrong entries or silences) within an hour. A failed call gives
            nothing away, so the default only keeps nuisance calls out, and leaves room for an office of beginners.
        refused_for: how long the number, or the line, is refused after that many failed calls.
    """

    sets_per_hour: int = 200
    failed_calls: int = 30
    refused_for: timedelta = _HOUR

    def __post_init__(self) -> None:
        if self.sets_per_hour < 1 or self.failed_calls < 1 or self.refused_for <= timedelta(0):
            raise ValueError(f"{self}: each limit must be 1 or more, and the time above 0")


@dataclass(frozen=True)
class Refused:
    """Calls from a number, or from the additional numbers of its line, are refused.

    Attributes:
        until: when the refusal ends.
        of_line: whether the line's additional numbers are refused, and not this number alone.
    """

    until: datetime
    of_line: bool


@dataclass(frozen=True)
class _Counted:
    """A number or a line that calls are counted against.

    Attributes:
        calls: selects its calls among the counted ones.
        refusal: the table that holds until when it is refused.
        key: the column of that table that names it.
        name: its value in that column.
        times: the factor that its limits are multiplied by.
    """

    calls: ColumnElement[bool]
    refusal: Table
    key: Column[Any]
    name: str
    times: int

    def until(self, connection: Connection) -> datetime | None:
        until: datetime | None = connection.scalar(select(self.refusal.c.refused_until).where(self.key == self.name))
        return until

    def refuse(self, connection: Connection, until: datetime | None) -> None:
        connection.execute(update(self.refusal).where(self.key == self.name).values(refused_until=until))

    def count(self, connection: Connection, outcome: str, now: datetime) -> int:
        counting = select(func.count()).where(
            self.calls, table.c.outcome == outcome, table.c.at > now - _HOUR, table.c.at <= latest_at(now)
        )
        return connection.scalar(counting) or 0


def _number(number: str, contract_number: str) -> _Counted:
    of_line = table.c.contract_number == contract_number
    return _Counted(of_line & (table.c.number == number), numbers, numbers.c.number, number, 1)


def _line(contract_number: str) -> _Counted:
    return _Counted(table.c.contract_number == contract_number, lines, lines.c.contract_number, contract_number, 3)


def is_throttled(
    connection: Connection, number: str, contract_number: str, *, limits: CallLimits, now: datetime
) -> bool:
    """Return whether calls from a number of a line are refused now."""
    counted = [_number(number, contract_number)]
    if number != contract_number:
        counted.append(_line(contract_number))
    for each in counted:
        until = each.until(connection)
        if until is not None and now < until <= latest_at(now) + limits.refused_for:
            return True
        if each.count(connection, _SET, now) >= each.times * limits.sets_per_hour:
            return True
    return False


def is_counting(connection: Connection, contract_number: str, *, now: datetime) -> bool:
    """Return whether a line has refusals or counted calls to forget.

    These are a refusal of the line or of one of its numbers, or calls that count towards one, now or (after a wrong
    clock) in the future.
    """
    refused = select(func.count()).where(numbers.c.contract_number == contract_number, numbers.c.refused_until > now)
    until = _line(contract_number).until(connection)
    if (until is not None and now < until) or connection.scalar(refused):
        return True
    counting = select(func.count()).where(table.c.contract_number == contract_number, table.c.at > now - _HOUR)
    return bool(connection.scalar(counting))


def count_set(
    connection: Connection, number: str, contract_number: str, call_id: str, *, limits: CallLimits, now: datetime
) -> None:
    """Count a call that sets a temporary password; a call counts once."""
    _add(connection, number, contract_number, _SET, call_id, limits, now)


def count_failed(
    connection: Connection, number: str, contract_number: str, call_id: str, *, limits: CallLimits, now: datetime
) -> Refused | None:
    """Count a call that failed; a call counts once.

    Returns:
        Who is refused now, if this call was one too many (the count then starts again from 0); else None.
    """
    _add(connection, number, contract_number, _FAILED, call_id, limits, now)
    for each in (_line(contract_number), _number(number, contract_number)):
        if each.count(connection, _FAILED, now) >= each.times * limits.failed_calls:
            connection.execute(delete(table).where(each.calls, table.c.outcome == _FAILED))
            until = now + limits.refused_for
            each.refuse(connection, until)
            return Refused(until, of_line=each.refusal is lines)
    return None


def forget(connection: Connection, contract_number: str) -> None:
    """Forget a line's counted calls and the refusals of its numbers."""
    connection.execute(delete(table).where(table.c.contract_number == contract_number))
    connection.execute(update(numbers).where(numbers.c.contract_number == contract_number).values(refused_until=None))


def _add(
    connection: Connection,
    number: str,
    contract_number: str,
    outcome: str,
    call_id: str,
    limits: CallLimits,
    now: datetime,
) -> None:
    mine = table.c.contract_number == contract_number
    connection.execute(delete(table).where(mine, (table.c.at <= now - _HOUR) | (table.c.at > latest_at(now))))
    for each in (_line(contract_number), _number(number, contract_number)):
        until = each.until(connection)
        if until is not None and until > latest_at(now) + limits.refused_for:
            each.refuse(connection, None)
    this_call = (table.c.outcome == outcome) & (table.c.call_id == call_id)
    if connection.scalar(select(table.c.at).where(mine, this_call)) is None:
        new = {
            "contract_number": contract_number,
            "outcome": outcome,
            "call_id": call_id,
            "at": now,
            "number": number,
        }
        connection.execute(insert(table).values(**new))
