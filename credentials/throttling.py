"""Limits of calls per line, counted across calls and hosts, inside the transaction of whoever asks.

Whoever counts a call holds its line (`provisioning.hold_line`). Calls that a wrong clock counted in the future, and a
refusal that would last longer than one from now on, do not count; the next call that is counted removes them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from credentials.clock import latest_at
from credentials.schema import counted_calls as table
from credentials.schema import lines

_SET, _FAILED = "SET", "FAILED"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class CallLimits:
    """How many calls a line may make.

    Attributes:
        sets_per_hour: calls that set a temporary password within an hour. The default is for the day on which an
            office sets all of its numbers, from several telephones: a call takes about a minute.
        failed_calls: calls that may fail (too many wrong entries or silences) within an hour. A failed call gives
            nothing away, so the default is against nuisance, and leaves room for an office of beginners.
        refused_for: how long the line is refused after that many.
    """

    sets_per_hour: int = 200
    failed_calls: int = 30
    refused_for: timedelta = _HOUR

    def __post_init__(self) -> None:
        if self.sets_per_hour < 1 or self.failed_calls < 1 or self.refused_for <= timedelta(0):
            raise ValueError(f"{self}: each limit must be 1 or more, and the time above 0")


def is_throttled(connection: Connection, contract_number: str, *, limits: CallLimits, now: datetime) -> bool:
    """Tell whether a line's calls are refused now."""
    until = connection.scalar(select(lines.c.refused_until).where(lines.c.contract_number == contract_number))
    if until is not None and now < until <= latest_at(now) + limits.refused_for:
        return True
    return _count(connection, contract_number, _SET, now) >= limits.sets_per_hour


def is_counting(connection: Connection, contract_number: str, *, now: datetime) -> bool:
    """Tell whether a line is refused for its calls, or has some that count towards it, now or once it is their time."""
    until = connection.scalar(select(lines.c.refused_until).where(lines.c.contract_number == contract_number))
    if until is not None and now < until:
        return True
    counting = select(func.count()).where(table.c.contract_number == contract_number, table.c.at > now - _HOUR)
    return bool(connection.scalar(counting))


def count_set(connection: Connection, contract_number: str, call_id: str, *, limits: CallLimits, now: datetime) -> None:
    """Count a call that sets a temporary password; a call counts once."""
    _add(connection, contract_number, _SET, call_id, limits, now)


def count_failed(
    connection: Connection, contract_number: str, call_id: str, *, limits: CallLimits, now: datetime
) -> datetime | None:
    """Count a call that failed; a call counts once.

    Returns:
        Until when the line is refused, if this call was one too many. The count then starts anew.
    """
    _add(connection, contract_number, _FAILED, call_id, limits, now)
    if _count(connection, contract_number, _FAILED, now) < limits.failed_calls:
        return None
    forget(connection, contract_number, _FAILED)
    until = now + limits.refused_for
    this_line = lines.c.contract_number == contract_number
    connection.execute(update(lines).where(this_line).values(refused_until=until))
    return until


def forget(connection: Connection, contract_number: str, outcome: str | None = None) -> None:
    """Forget the calls that were counted, of one outcome or all."""
    statement = delete(table).where(table.c.contract_number == contract_number)
    connection.execute(statement if outcome is None else statement.where(table.c.outcome == outcome))


def _add(
    connection: Connection, contract_number: str, outcome: str, call_id: str, limits: CallLimits, now: datetime
) -> None:
    mine = table.c.contract_number == contract_number
    connection.execute(delete(table).where(mine, (table.c.at <= now - _HOUR) | (table.c.at > latest_at(now))))
    too_long = (lines.c.contract_number == contract_number) & (
        lines.c.refused_until > latest_at(now) + limits.refused_for
    )
    connection.execute(update(lines).where(too_long).values(refused_until=None))
    this_call = (table.c.outcome == outcome) & (table.c.call_id == call_id)
    if connection.scalar(select(table.c.at).where(mine, this_call)) is None:
        new = {"contract_number": contract_number, "outcome": outcome, "call_id": call_id, "at": now}
        connection.execute(insert(table).values(**new))


def _count(connection: Connection, contract_number: str, outcome: str, now: datetime) -> int:
    counting = select(func.count()).where(
        table.c.contract_number == contract_number,
        table.c.outcome == outcome,
        table.c.at > now - _HOUR,
        table.c.at <= latest_at(now),
    )
    return connection.scalar(counting) or 0
