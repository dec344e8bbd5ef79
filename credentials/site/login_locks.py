"""Locks of logins (docs/rules.md 3.13, 3.14), inside the caller's transaction that holds the line.

An operator may lock the logins of one number, until an operator unlocks them. A subscriber who says of a record of the
history "this was not me" locks the logins of the whole line, until a call from the line sets a temporary password.
Either way calls go on; an operator's lock of a whole line (`provisioning.set_lock`) stops them too.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select

from credentials.schema import login_locks as table


class LockOf(StrEnum):
    """Whose logins are locked, and with that, by whom."""

    NUMBER = "NUMBER"
    """Those of one number, by an operator."""
    LINE = "LINE"
    """Those of the line with that contract number, by one of its subscribers."""


def is_locked(connection: Connection, number: str, contract_number: str) -> bool:
    """Return whether a number of a line may not log in."""
    return connection.scalar(select(locks(number, contract_number))) is True


def locks(number: str | ColumnElement[str], contract_number: str | ColumnElement[str]) -> ColumnElement[bool]:
    """Return a condition, for a statement: whether a number of a line may not log in."""
    own = (table.c.number == number) & (table.c.locked == LockOf.NUMBER.value)
    of_line = (table.c.number == contract_number) & (table.c.locked == LockOf.LINE.value)
    return exists().where(own | of_line)


def lock(connection: Connection, number: str, of: LockOf, now: datetime) -> bool:
    """Lock logins, and return whether they were open."""
    this = (table.c.number == number) & (table.c.locked == of.value)
    if connection.scalar(select(table.c.number).where(this)) is not None:
        return False
    connection.execute(insert(table).values(number=number, locked=of.value, locked_at=now))
    return True


def unlock(connection: Connection, number: str, of: LockOf) -> bool:
    """Unlock logins, and return whether they were locked."""
    this = (table.c.number == number) & (table.c.locked == of.value)
    return connection.execute(delete(table).where(this)).rowcount > 0


def locked_since(connection: Connection, number: str, of: LockOf) -> datetime | None:
    """Return since when logins are locked; None if they are not."""
    since: datetime | None = connection.scalar(
        select(table.c.locked_at).where(table.c.number == number, table.c.locked == of.value)
    )
    return since
