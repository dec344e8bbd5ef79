"""The CSV file of one-time passwords, one row a number (docs/rules.md 3.15).

    "number","use","address","confirmation id","confirmation password"
    "0312345678","1","tanaka@example.jp","Kakunin1",""

- `use` is 1 or 0; it is empty for a number that has not chosen yet.
- `confirmation password` is empty in a file that we write. Where it is empty in a file that we read, the number keeps
  its own.
- The text is UTF-8 with or without a byte order mark, or CP932, which Excel writes in Japan; with CRLF or LF. The
  header may be missing, and blank rows are skipped.

What spreadsheets and copied text do to such files is named with row and column: a lost leading 0, full-width digits,
curly quotes.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from credentials.errors import BadOneTimeFile, Problem
from credentials.lines.csv_cells import CURLY, has_curly_quotes, no_formula, read_cells, read_number, write_cells
from credentials.lines.unseen import with_unseen_named
from credentials.one_time.choices import Choice
from credentials.secrets.password_policy import SHORTEST

NUMBER: Final = "number"
USE: Final = "use"
ADDRESS: Final = "address"
CONFIRMATION_ID: Final = "confirmation id"
CONFIRMATION_PASSWORD: Final = "confirmation password"  # noqa: S105 - a name
COLUMNS: Final = (NUMBER, USE, ADDRESS, CONFIRMATION_ID, CONFIRMATION_PASSWORD)
MOST_BYTES: Final = 8 * 1024 * 1024
"""Enough for 20,000 rows with the longest addresses that there are."""
MOST_ROWS: Final = 20_000


@dataclass(frozen=True)
class FileRow:
    """One row of a file. The repr shows neither its confirmation ID nor its confirmation password.

    Attributes:
        row: the row as a spreadsheet counts it, from 1.
        number: the number; "" if the row has none.
        use: whether the number is to use one-time passwords; None if the cell is empty or wrong.
        address: what stands there.
        confirmation_id: what stands there.
        confirmation_password: what stands there; "" keeps the present one.
        problems: what cannot be right, whatever is stored.
    """

    row: int
    number: str
    use: bool | None
    address: str = field(repr=False)
    confirmation_id: str = field(repr=False)
    confirmation_password: str = field(repr=False)
    problems: tuple[Problem, ...] = ()

    @property
    def says_nothing(self) -> bool:
        """Whether all cells but the number's are empty."""
        return self.use is None and not (self.address or self.confirmation_id or self.confirmation_password)


def read_rows(data: bytes) -> list[FileRow]:
    """Return the rows of a file.

    Raises:
        BadOneTimeFile: it is no such file, or larger than 8 MiB or 20,000 rows.
    """
    cells = read_cells(data, most_bytes=MOST_BYTES, most_rows=MOST_ROWS, error=BadOneTimeFile)
    return [_row(row, each) for row, each in cells]


def write_rows(numbers: Iterable[tuple[str, Choice | None]]) -> bytes:
    """Return the present state of numbers as a file that `read_rows` reads: UTF-8 with a byte order mark, for Excel."""
    rows = [list(COLUMNS)]
    for number, choice in numbers:
        use = "" if choice is None else str(int(choice.used))
        address = "" if choice is None else shown_address(choice) or ""
        confirmation_id = "" if choice is None else choice.confirmation_id or ""
        rows.append([number, use, no_formula(address), confirmation_id, ""])
    return write_cells(rows)


def shown_address(choice: Choice) -> str | None:
    """Return the address that a file shows: the confirmed one, or else the one that waits."""
    return choice.address or choice.provisional_address


def _row(row: int, cells: list[str]) -> FileRow:
    problems: list[Problem] = []
    if len(cells) != len(COLUMNS):
        other = " (its cells are separated by semicolons or tabs: save it with commas)" if len(cells) == 1 else ""
        problems.append(Problem(row, "", f"it has {len(cells)} cells, and must have {len(COLUMNS)}{other}"))
        cells = [*cells, *[""] * len(COLUMNS)][: len(COLUMNS)]
    by_column = dict(zip(COLUMNS, cells, strict=True))
    problems += [Problem(row, column, CURLY) for column, cell in by_column.items() if has_curly_quotes(cell)]
    is_sound = not problems  # else a cell may stand in another's column, and no error must quote a password
    number = _number(row, by_column[NUMBER], problems) if is_sound else ""
    use = _use(row, by_column[USE], problems) if is_sound else None
    return FileRow(
        row,
        number,
        use,
        by_column[ADDRESS],
        by_column[CONFIRMATION_ID],
        by_column[CONFIRMATION_PASSWORD],
        tuple(problems),
    )


def _number(row: int, cell: str, problems: list[Problem]) -> str:
    number, reason = read_number(cell)
    if reason:
        problems.append(Problem(row, NUMBER, reason))
    return number


def _use(row: int, cell: str, problems: list[Problem]) -> bool | None:
    if cell in ("", "0", "1"):
        return None if not cell else cell == "1"
    wide = " in half width" if unicodedata.normalize("NFKC", cell) in ("0", "1") else ""
    shown = with_unseen_named(cell) if len(cell) < SHORTEST else "…"  # a password, if columns were exchanged
    problems.append(Problem(row, USE, f"{shown!r} is not 0 or 1: write 1 to use one-time passwords, or 0 not to{wide}"))
    return None
