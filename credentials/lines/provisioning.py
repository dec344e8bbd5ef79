"""Reads and changes the lines of a database, inside the caller's transaction.

`credentials.lines.importing` imports a whole file of them.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, update

from credentials.errors import UnknownLine
from credentials.model import Line, Unit
from credentials.schema import OF_A_HOLDER, lines, numbers, temporary_passwords

_LINE_ROWS = select(lines, numbers.c.number).join_from(lines, numbers)


def find_line(connection: Connection, number: str) -> Line | None:
    """Return the line that a number belongs to."""
    contract_number = select(numbers.c.contract_number).where(numbers.c.number == number).scalar_subquery()
    found = _LINE_ROWS.where(lines.c.contract_number == contract_number)
    return next(_to_lines(connection, found), None)


def hold_line(connection: Connection, number: str) -> Line | None:
    """Return the line that a number belongs to, and keep it from being changed until the transaction ends."""
    contract_number = connection.scalar(select(numbers.c.contract_number).where(numbers.c.number == number))
    held = select(lines.c.contract_number).where(lines.c.contract_number == contract_number)
    connection.execute(held.with_for_update())
    # Read after the lock is taken: we see a change that we waited for, and none can follow.
    line = find_line(connection, number)
    return line if line is None or line.contract_number == contract_number else None


def hold_lines(connection: Connection, of_numbers: Collection[str]) -> None:
    """Keep the lines that numbers belong to from being changed until the transaction ends.

    All are held in one order, so that two who hold several do not wait for each other.
    """
    theirs = select(numbers.c.contract_number).where(numbers.c.number.in_(of_numbers))
    held = select(lines.c.contract_number).where(lines.c.contract_number.in_(theirs))
    connection.execute(held.order_by(lines.c.contract_number).with_for_update())


def all_lines(connection: Connection) -> Iterator[Line]:
    """Yield all lines in the order of their contract numbers."""
    return _to_lines(connection, _LINE_ROWS.order_by(lines.c.contract_number))


def _to_lines(connection: Connection, statement: Select[Any]) -> Iterator[Line]:
    rows: Iterable[Row[Any]] = connection.execute(statement)
    for contract_number, group in groupby(rows, key=lambda row: row.contract_number):
        members = list(group)
        yield Line(
            contract_number=contract_number,
            numbers=frozenset(row.number for row in members),
            language=members[0].language,
            locked=members[0].locked_at is not None,
            unit=None if members[0].unit is None else Unit(members[0].unit),
        )


def set_unit(connection: Connection, contract_number: str, unit: Unit) -> None:
    """Give a line a unit. The caller must hold the line."""
    connection.execute(update(lines).where(lines.c.contract_number == contract_number).values(unit=unit.value))


def set_lock(connection: Connection, contract_number: str, locked_at: datetime | None) -> None:
    """Lock a line out, or, if `locked_at` is None, let it in again.

    Raises:
        UnknownLine: there is no such line.
    """
    this_line = lines.c.contract_number == contract_number
    values: dict[str, datetime | None] = {"locked_at": locked_at}
    if locked_at is None:
        values["refused_until"] = None
    if connection.execute(update(lines).where(this_line).values(values)).rowcount == 0:
        raise UnknownLine(f"no line has the contract number {contract_number}")


def drop_credentials(connection: Connection, number: str) -> None:
    """Remove a number's credentials and all that is its holder's, because it gets another (docs/rules.md 3.8)."""
    for table in OF_A_HOLDER:
        connection.execute(delete(table).where(table.c.number == number))
    connection.execute(delete(temporary_passwords).where(temporary_passwords.c.target_number == number))
