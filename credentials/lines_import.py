"""Takes in a whole lines file, inside the transaction of whoever asks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from credentials.audit import Action, Entry
from credentials.database import hold_table
from credentials.lines_csv import ListedLine, Problems
from credentials.model import DEFAULT_LANGUAGE, ImportResult
from credentials.schema import lines, numbers, passwords, temporary_passwords

_ROWS_AT_ONCE = 2000


class ImportStage(StrEnum):
    """What an import is at."""

    READING = "READING"
    """Rows of the file; how many there are is not known before."""
    STORING = "STORING"
    """Changes to the database."""
    RECORDING = "RECORDING"
    """Records of the audit trail."""


ImportProgress = Callable[[ImportStage, int, int | None], None]
"""Is told what is done so far, and of how many, if that is known."""


@dataclass
class _Changes:
    """What separates the database from the file; each list feeds one statement."""

    new_lines: list[dict[str, str]] = field(default_factory=list)
    languages: list[dict[str, str]] = field(default_factory=list)
    new_numbers: list[dict[str, str]] = field(default_factory=list)
    moved: list[dict[str, str]] = field(default_factory=list)
    removed_numbers: list[dict[str, str]] = field(default_factory=list)
    removed_lines: list[dict[str, str]] = field(default_factory=list)


def import_listed(
    connection: Connection, listed: dict[str, ListedLine], *, remove_absent: bool, progress: ImportProgress
) -> tuple[ImportResult, list[Entry]]:
    """Make the database's lines what a file says; see `CredentialStore.import_lines` for the rules.

    Returns:
        What was done, and what to record of it.

    Raises:
        BadLinesFile: a number belongs to a line that the file does not name.
    """
    hold_table(connection, lines)
    changes = _compare(connection, listed, remove_absent=remove_absent)
    _apply(connection, changes, progress)
    result = ImportResult(
        lines=len(listed),
        numbers=sum(len(line.places) for line in listed.values()),
        moved=tuple(sorted(row["moved"] for row in changes.moved)),
        removed=tuple(sorted(row["removed"] for row in changes.removed_numbers)),
        languages=frozenset(line.language for line in listed.values() if line.language is not None),
        repeated=tuple(sorted(row for line in listed.values() for row in line.repeated)),
    )
    return result, list(_entries(changes))


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


def _apply(connection: Connection, changes: _Changes, progress: ImportProgress) -> None:
    moved: BindParameter[str] = bindparam("moved")
    removed: BindParameter[str] = bindparam("removed")
    steps = (
        (insert(lines), changes.new_lines),
        (update(lines).where(lines.c.contract_number == bindparam("line")), changes.languages),
        # A number on another line is in other hands: what opened it for the old ones must not stay.
        (delete(temporary_passwords).where(temporary_passwords.c.target_number == moved), changes.moved),
        (delete(passwords).where(passwords.c.number == moved), changes.moved),
        (update(numbers).where(numbers.c.number == moved), changes.moved),
        (insert(numbers), changes.new_numbers),
        (delete(numbers).where(numbers.c.number == removed), changes.removed_numbers),
        (delete(lines).where(lines.c.contract_number == removed), changes.removed_lines),
    )
    total = sum(len(parameters) for _, parameters in steps)
    done = 0
    for statement, parameters in steps:
        for chunk in _chunks(parameters):
            connection.execute(statement, chunk)
            done += len(chunk)
            progress(ImportStage.STORING, done, total)


def _chunks(parameters: list[dict[str, str]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(parameters)
    while chunk := list(islice(rest, _ROWS_AT_ONCE)):
        yield chunk


def _entries(changes: _Changes) -> Iterator[Entry]:
    """Yield what to record, number by number."""
    for row in changes.new_lines:
        yield Entry(Action.LINE_ADDED, row["contract_number"], f"language {row['language']}")
    for row in changes.languages:
        yield Entry(Action.LINE_LANGUAGE, row["line"], row["language"])
    for row in changes.moved:
        yield Entry(Action.NUMBER_MOVED, row["moved"], f"to line {row['contract_number']}")
    for row in changes.new_numbers:
        yield Entry(Action.NUMBER_ADDED, row["number"], f"to line {row['contract_number']}")
    for row in changes.removed_numbers:
        yield Entry(Action.NUMBER_REMOVED, row["removed"])
    for row in changes.removed_lines:
        yield Entry(Action.LINE_REMOVED, row["removed"])
