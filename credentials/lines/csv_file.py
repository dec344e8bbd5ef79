"""The CSV file of lines and their numbers, one row a number.

    contract_number,number,language
    03-1234-5678,03-1234-5679,ja
    03-1234-5678,03-1234-5680,
    06-1234-5678,,en

- `contract_number` and `number` have a form that `normalise_number` accepts. The contract number is one of its line's
  numbers and needs no row of its own. A row whose `number` is empty, or is the contract number, names a line that may
  have no other number.
- `language` (the column may be missing, and a cell may be empty) is an ISO 639 code such as ja or en, in one row or in
  all rows of the line. If it is not given, a new line gets "ja" and a known line keeps what it has.
- A cell may be `="0312345678"`: in this form a spreadsheet keeps and shows the 0 of what it would take for a quantity.
- Columns may stand in any order. The text is UTF-8 with or without a byte order mark, with CRLF or LF. Cells may be
  quoted. Blank rows are skipped.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TextIO

from credentials.errors import BadLinesFile, InvalidNumber, Problem
from credentials.lines.csv_cells import plain
from credentials.lines.numbers import normalise_number
from credentials.lines.unseen import unseen, with_unseen_named
from credentials.model import Line

CONTRACT_NUMBER = "contract_number"
NUMBER = "number"
LANGUAGE = "language"
_COLUMNS = {CONTRACT_NUMBER, NUMBER, LANGUAGE}
_REQUIRED = {CONTRACT_NUMBER, NUMBER}
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}
"""Spreadsheets write semicolons where numbers have decimal commas, and tabs when they save as text."""
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")
_MOST_PROBLEMS = 100
_ROWS_A_STEP = 1000


class Place(NamedTuple):
    """A place in the file.

    Attributes:
        row: the row as a spreadsheet counts it; 1 is the header.
        column: the column's name; "" for the whole row.
    """

    row: int
    column: str


@dataclass
class ListedLine:
    """One line as the file lists it.

    Attributes:
        language: the line's language; None if no row gives one.
        places: every number of the line, the contract number included, and the place that names it first.
        repeated: rows that say the same as an earlier one.
    """

    language: str | None = None
    places: dict[str, Place] = field(default_factory=dict)
    repeated: list[int] = field(default_factory=list)


class Problems:
    """Collects problems, and raises them all once there are 100."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, place: Place, reason: str) -> None:
        """Note a problem.

        Raises:
            BadLinesFile: this was the hundredth.
        """
        self._found.append(Problem(place.row, place.column, reason))
        if len(self._found) >= _MOST_PROBLEMS:
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise the problems found so far.

        Raises:
            BadLinesFile: there was a problem.
        """
        if self._found:
            raise BadLinesFile(tuple(sorted(self._found, key=lambda problem: problem.row)))


def read_lines(source: str | Path | TextIO, progress: Callable[[int], None] = lambda _: None) -> dict[str, ListedLine]:
    """Read a lines file and return its lines by contract number.

    Args:
        source: a path, or an open text stream (opened with newline="").
        progress: called every 1000 rows with the number of rows read.

    Raises:
        BadLinesFile: with the row and column of each problem.
    """
    problems = Problems()
    with _opened(source) as stream:
        rows = _rows(stream)
        columns = _header(next(rows, (1, []))[1])
        reader = _Reader(problems)
        for row, cells in rows:
            if row % _ROWS_A_STEP == 0:
                progress(row)
            if not any(cells):
                continue
            if len(cells) > len(columns):
                problems.add(Place(row, ""), f"{len(cells)} cells, but the header names {len(columns)} columns")
                continue
            reader.take(row, dict(zip(columns, cells, strict=False)))
    problems.raise_if_any()
    if not reader.lines:
        raise BadLinesFile((Problem(2, "", "the file names no line"),))
    return reader.lines


class _Reader:
    def __init__(self, problems: Problems) -> None:
        self.lines: dict[str, ListedLine] = {}
        self._owners: dict[str, tuple[str, int]] = {}
        self._said: set[tuple[str, str]] = set()
        self._problems = problems

    def take(self, row: int, cells: dict[str, str]) -> None:
        contract_number = self._number(Place(row, CONTRACT_NUMBER), cells.get(CONTRACT_NUMBER, ""))
        text = cells.get(NUMBER, "")
        number = self._number(Place(row, NUMBER), text) if text else contract_number
        if contract_number is None or number is None:
            return
        line = self.lines.setdefault(contract_number, ListedLine())
        self._own(line, contract_number, contract_number, Place(row, CONTRACT_NUMBER))
        if number != contract_number:
            self._own(line, contract_number, number, Place(row, NUMBER))
        language = cells.get(LANGUAGE, "")
        if (contract_number, number) in self._said and language in ("", line.language):
            line.repeated.append(row)
        self._said.add((contract_number, number))
        self._speak(line, contract_number, language, Place(row, LANGUAGE))

    def _number(self, place: Place, text: str) -> str | None:
        try:
            return normalise_number(text)
        except InvalidNumber as error:
            reason = str(error) if text else "a number is missing here"
            if re.fullmatch(r"[1-9][0-9]{8,9}", text):
                reason += " (a spreadsheet may have dropped the 0: format the column as text)"
            self._problems.add(place, reason)
            return None

    def _own(self, line: ListedLine, contract_number: str, number: str, place: Place) -> None:
        owner, row = self._owners.setdefault(number, (contract_number, place.row))
        if owner == contract_number:
            line.places.setdefault(number, place)
        else:
            self._problems.add(place, f"{number} is already a number of line {owner} (row {row})")

    def _speak(self, line: ListedLine, contract_number: str, language: str, place: Place) -> None:
        if not language:
            return
        try:
            require_language(language)
        except ValueError as error:
            self._problems.add(place, str(error))
            return
        if line.language not in (None, language):
            self._problems.add(place, f"line {contract_number} already has language {line.language}, not {language}")
        else:
            line.language = language


def require_language(language: str) -> None:
    """Check that a text is an ISO 639 code.

    Raises:
        ValueError: it is not one.
    """
    if not _LANGUAGE_CODE.fullmatch(language):
        shown, named = with_unseen_named(language[:20]), unseen(language[:20])
        unseen_in_it = f" ({named} in it cannot be seen)" if named else ""
        raise ValueError(f"'{shown}' is not a language code{unseen_in_it}: write one such as ja or en")


def write_lines(lines: Iterable[Line], target: TextIO) -> None:
    """Write lines as a file that `read_lines` reads.

    Args:
        lines: the lines to write.
        target: a text stream (opened with newline="").
    """
    writer = csv.writer(target)
    writer.writerow([CONTRACT_NUMBER, NUMBER, LANGUAGE])
    for line in lines:
        for number in sorted(line.numbers - {line.contract_number}) or [""]:
            writer.writerow([line.contract_number, number, line.language])


@contextmanager
def _opened(source: str | Path | TextIO) -> Iterator[TextIO]:
    if not isinstance(source, str | Path):
        yield source
        return
    try:
        stream = Path(source).open(encoding="utf-8-sig", newline="")  # noqa: SIM115 - closed right below
    except OSError as error:
        raise BadLinesFile((Problem(0, "", f"{source} cannot be read: {error.strerror}"),)) from None
    with stream:
        yield stream


def _rows(stream: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield each row's number, as a spreadsheet counts, and its cells without the blanks around them."""
    row = 0
    try:
        for row, cells in enumerate(csv.reader(stream, strict=True), 1):
            yield row, [plain(cell) for cell in cells]
    except UnicodeDecodeError:
        reason = "this is not UTF-8 text: save the file as CSV UTF-8"
    except csv.Error as error:
        reason = f"this is not CSV: {error}"
    else:
        return
    raise BadLinesFile((Problem(row + 1, "", reason),))


def _header(cells: Sequence[str]) -> list[str]:
    """Check the header and return its columns."""
    columns = [cell.removeprefix("\ufeff") for cell in cells]
    unknown = [column for column in columns if column not in _COLUMNS]
    missing = sorted(_REQUIRED - set(columns))
    if unknown or missing or len(set(columns)) != len(columns):
        shown = with_unseen_named(",".join(columns)[:80]) or "nothing"
        other = next((mark for mark in _OTHER_SEPARATORS if len(columns) == 1 and mark in columns[0]), None)
        hint = "" if other is None else f"; its cells are separated by {_OTHER_SEPARATORS[other]}: save it with commas"
        if other is None and (named := unseen("".join(columns))):
            hint = f"; {named} in it cannot be seen: delete it and type the names again"
        raise BadLinesFile(
            (
                Problem(
                    1,
                    "" if other else next(iter(unknown or missing), ""),
                    f"the header must name {CONTRACT_NUMBER}, {NUMBER} and, where wanted, {LANGUAGE},"
                    f" each once; it has {shown}{hint}",
                ),
            )
        )
    return columns
