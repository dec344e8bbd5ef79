"""Reads and changes the lines of a database, inside the transaction of whoever asks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, delete, insert, select, update

from credentials.database import hold_table
from credentials.lines_csv import ListedLine, Problems
from credentials.model import DEFAULT_LANGUAGE, ImportResult, Line
from credentials.schema import lines, numbers, temporary_passwords

_LINE_ROWS = select(lines.c.contract_number, lines.c.language, lines.c.locked_at, numbers.c.number).join_from(
    lines, numbers
)


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
    # Read after the lock was got: a change that we waited for is seen, and none can follow.
    line = find_line(connection, number)
    return line if line is None or line.contract_number == contract_number else None


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
        )


@dataclass
class _Changes:
    """What separates the database from the file; each list feeds one statement."""

    new_lines: list[dict[str, str]] = field(default_factory=list)
    languages: list[dict[str, str]] = field(default_factory=list)
    new_numbers: list[dict[str, str]] = field(default_factory=list)
    moved: list[dict[str, str]] = field(default_factory=list)
    removed_numbers: list[dict[str, str]] = field(default_factory=list)
    removed_lines: list[dict[str, str]] = field(default_factory=list)


def import_listed(connection: Connection, listed: dict[str, ListedLine], *, remove_absent: bool) -> ImportResult:
    """Make the database's lines what a file says; see `CredentialStore.import_lines` for the rules.

    Raises:
        BadLinesFile: a number belongs to a line that the file does not name.
    """
    hold_table(connection, lines)
    changes = _compare(connection, listed, remove_absent=remove_absent)
    _apply(connection, changes)
    return ImportResult(
        lines=len(listed),
        numbers=sum(len(line.places) for line in listed.values()),
        moved=len(changes.moved),
        removed=len(changes.removed_numbers),
    )


def _compare(connection: Connection, listed: dict[str, ListedLine], *, remove_absent: bool) -> _Changes:
    languages = {row.contract_number: row.language for row in connection.execute(select(lines))}
    owners = {row.number: row.contract_number for row in connection.execute(select(numbers))}
    problems = Problems()
    changes = _Changes()
    kept: set[str] = set()
    for contract_number, line in listed.items():
        if contract_number not in languages:
            language = line.language or DEFAULT_LANGUAGE
            changes.new_lines.append({"contract_number": contract_number, "language": language})
        elif line.language not in (None, languages[contract_number]):
            changes.languages.append({"line": contract_number, "language": str(line.language)})
        for number, place in line.places.items():
            kept.add(number)
            owner = owners.get(number)
            if owner is None:
                changes.new_numbers.append({"number": number, "contract_number": contract_number})
            elif owner == contract_number:
                continue
            elif remove_absent or owner in listed:
                changes.moved.append({"moved": number, "contract_number": contract_number})
            else:
                problems.add(place, f"{number} is a number of line {owner}: name that line in the file too")
    problems.raise_if_any()
    changes.removed_numbers = [
        {"removed": number}
        for number, owner in owners.items()
        if number not in kept and (remove_absent or owner in listed)
    ]
    if remove_absent:
        changes.removed_lines = [{"removed": line} for line in languages if line not in listed]
    return changes


def _apply(connection: Connection, changes: _Changes) -> None:
    moved: BindParameter[str] = bindparam("moved")
    removed: BindParameter[str] = bindparam("removed")
    steps = (
        (insert(lines), changes.new_lines),
        (update(lines).where(lines.c.contract_number == bindparam("line")), changes.languages),
        # A number on another line is in other hands: what opened it for the old ones must not stay.
        (delete(temporary_passwords).where(temporary_passwords.c.target_number == moved), changes.moved),
        (update(numbers).where(numbers.c.number == moved), changes.moved),
        (insert(numbers), changes.new_numbers),
        (delete(numbers).where(numbers.c.number == removed), changes.removed_numbers),
        (delete(lines).where(lines.c.contract_number == removed), changes.removed_lines),
    )
    for statement, parameters in steps:
        if parameters:
            connection.execute(statement, parameters)
