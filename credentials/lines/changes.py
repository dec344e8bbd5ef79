"""The differences between the lines in the database and those in a file, and how to apply them inside a transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from credentials.audit import Action, Entry
from credentials.lines.csv_file import ListedLine, Problems
from credentials.model import DEFAULT_LANGUAGE
from credentials.schema import OF_A_HOLDER, lines, numbers, temporary_passwords

_ROWS_AT_ONCE: Final = 2000
T = TypeVar("T")


@dataclass(frozen=True)
class Known:
    """Lines and numbers as the database has them.

    Attributes:
        languages: each line's language, by contract number.
        owners: the contract number that each number belongs to, by number.
    """

    languages: Mapping[str, str]
    owners: Mapping[str, str]


@dataclass
class Changes:
    """The changes that make the database match the file.

    Each list feeds one statement, and holds that statement's parameters.

    Attributes:
        new_lines: lines to add, with their languages.
        languages: lines that get another language.
        new_numbers: numbers to add to a line.
        moved: numbers that go to another line.
        removed_numbers: numbers to remove.
        removed_lines: lines to remove.
    """

    new_lines: list[dict[str, str]] = field(default_factory=list)
    languages: list[dict[str, str]] = field(default_factory=list)
    new_numbers: list[dict[str, str]] = field(default_factory=list)
    moved: list[dict[str, str]] = field(default_factory=list)
    removed_numbers: list[dict[str, str]] = field(default_factory=list)
    removed_lines: list[dict[str, str]] = field(default_factory=list)


def know_all(connection: Connection) -> Known:
    """Read all lines and numbers."""
    return Known(
        {row.contract_number: row.language for row in connection.execute(select(lines))},
        {row.number: row.contract_number for row in connection.execute(select(numbers))},
    )


def know_some(connection: Connection, contract_numbers: Collection[str], wanted: Collection[str]) -> Known:
    """Read some lines with all their numbers, and the owners of some numbers."""
    languages: dict[str, str] = {}
    owners: dict[str, str] = {}
    for chunk in _chunks(contract_numbers):
        found = connection.execute(select(lines).where(lines.c.contract_number.in_(chunk)))
        languages |= {row.contract_number: row.language for row in found}
        theirs = connection.execute(select(numbers).where(numbers.c.contract_number.in_(chunk)))
        owners |= {row.number: row.contract_number for row in theirs}
    for chunk in _chunks(wanted):
        found = connection.execute(select(numbers).where(numbers.c.number.in_(chunk)))
        owners |= {row.number: row.contract_number for row in found}
    return Known(languages, owners)


def compare(known: Known, listed: Mapping[str, ListedLine], absent: Collection[str]) -> Changes:
    """Return the changes that make the lines what a file says.

    Args:
        known: the lines in the database, and the owners of the file's numbers.
        listed: lines of the file.
        absent: lines to remove.

    Raises:
        BadLinesFile: a number belongs to a line that is neither listed nor absent.
    """
    problems = Problems()
    changes = Changes()
    kept: set[str] = set()
    for contract_number, line in listed.items():
        if contract_number not in known.languages:
            language = line.language or DEFAULT_LANGUAGE
            changes.new_lines.append({"contract_number": contract_number, "language": language})
        elif line.language not in (None, known.languages[contract_number]):
            changes.languages.append({"line": contract_number, "language": str(line.language)})
        for number, place in line.places.items():
            kept.add(number)
            owner = known.owners.get(number)
            if owner is None:
                changes.new_numbers.append({"number": number, "contract_number": contract_number})
            elif owner == contract_number:
                continue
            elif owner in listed or owner in absent:
                changes.moved.append({"moved": number, "contract_number": contract_number})
            else:
                problems.add(place, f"{number} is a number of line {owner}: name that line in the file too")
    problems.raise_if_any()
    changes.removed_numbers = [
        {"removed": number}
        for number, owner in known.owners.items()
        if number not in kept and (owner in listed or owner in absent)
    ]
    changes.removed_lines = [{"removed": line} for line in known.languages if line in absent]
    return changes


def apply(connection: Connection, changes: Changes) -> None:
    """Write the changes to the database."""
    moved: BindParameter[str] = bindparam("moved")
    removed: BindParameter[str] = bindparam("removed")
    steps = (
        (insert(lines), changes.new_lines),
        (update(lines).where(lines.c.contract_number == bindparam("line")), changes.languages),
        # A number on another line has another holder: the old holder's credentials must not stay. (docs/rules.md 3.8)
        (delete(temporary_passwords).where(temporary_passwords.c.target_number == moved), changes.moved),
        *((delete(table).where(table.c.number == moved), changes.moved) for table in OF_A_HOLDER),
        (update(numbers).where(numbers.c.number == moved).values(refused_until=None), changes.moved),
        (insert(numbers), changes.new_numbers),
        (delete(numbers).where(numbers.c.number == removed), changes.removed_numbers),
        (delete(lines).where(lines.c.contract_number == removed), changes.removed_lines),
    )
    for statement, parameters in steps:
        for chunk in _chunks(parameters):
            connection.execute(statement, chunk)


def entries(changes: Changes) -> Iterator[Entry]:
    """Yield the audit entries for the changes, number by number."""
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


def _chunks(rows: Iterable[T]) -> Iterator[list[Any]]:
    rest = iter(rows)
    while chunk := list(islice(rest, _ROWS_AT_ONCE)):
        yield chunk
