"""What a file of call notices would do: row by row what a number has, what it would have, and what is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from notice.settings.csv_file import NUMBER, FileRow, Wrong
from notice.settings.model import Settings


@dataclass(frozen=True)
class RehearsedRow:
    """What a row of a file would do.

    Attributes:
        row: the row as a spreadsheet counts it.
        number: its number; "" if it cannot be read.
        old: what the number has chosen; None if nothing.
        new: what it would have; None if the row changes nothing, or something is wrong.
        wrong: what is wrong.
    """

    row: int
    number: str
    old: Settings | None = field(repr=False)
    new: Settings | None = field(repr=False)
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True)
class Rehearsal:
    """What a file would do.

    Attributes:
        rows: the rows with problems; if there are none, those that would change something.
        wrong: how many have problems.
        draft_id: what `apply_notice_file` takes (no secret); None if there is nothing to store.
    """

    rows: tuple[RehearsedRow, ...]
    wrong: int
    draft_id: str | None = None

    @property
    def changes(self) -> int:
        """How many numbers would be changed."""
        return 0 if self.wrong else len(self.rows)


def rehearse(rows: Sequence[FileRow], numbers: Collection[str], known: Mapping[str, Settings]) -> Rehearsal:
    """Return what a file would do to the numbers of a line.

    Args:
        rows: its rows.
        numbers: all numbers of the line.
        known: what they have chosen.
    """
    first: dict[str, int] = {}
    rehearsed = []
    for row in rows:
        wrong, old = list(row.wrong), known.get(row.number)
        if row.number and row.number not in numbers:
            wrong.append(Wrong(NUMBER, f"{row.number} is no number of this line: delete the row"))
        elif row.number and first.setdefault(row.number, row.row) != row.row:
            same = f"{row.number} stands in row {first[row.number]} already: delete one of the two"
            wrong.append(Wrong(NUMBER, same))
        new = None if wrong or row.new is None or _same(row.new, old) else row.new
        rehearsed.append(RehearsedRow(row.row, row.number, old, new, tuple(wrong)))
    bad = tuple(row for row in rehearsed if row.wrong)
    return Rehearsal(bad or tuple(row for row in rehearsed if row.new is not None), len(bad))


def seen(rows: Sequence[FileRow], known: Mapping[str, Settings]) -> str:
    """Return a text that is another if anything was changed of the numbers that a file names."""
    versions = sorted(f"{row.number} {known[row.number].version if row.number in known else ''}" for row in rows)
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()


def _same(new: Settings, old: Settings | None) -> bool:
    if old is None:
        return False
    plain = replace(old, version="", addresses=tuple(replace(each, paused_at=None) for each in old.addresses))
    return new == plain
