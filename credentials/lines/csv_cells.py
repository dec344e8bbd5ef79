"""The cells of CSV files that subscribers upload and download, whatever stands in them (docs/rules.md 3.15).

The text is UTF-8 with or without a byte order mark, or CP932, which Excel writes in Japan; with CRLF or LF. The header
may be missing, and blank rows are skipped.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from credentials.errors import BadFile, InvalidNumber, Problem
from credentials.lines.numbers import normalise_number
from credentials.lines.unseen import with_unseen_named

CURLY: Final = 'it has curly quotes in it: write straight ones, as in "0312345678"'
"""What is wrong with a cell that `has_curly_quotes`."""
_KEPT_AS_TEXT: Final = re.compile(r'\A="((?:[^"]|"")*)"\Z')
"""A formula whose value is the text in it: so a spreadsheet keeps a leading 0, and starts no formula of its own."""
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LOST_ZERO: Final = re.compile(r"[1-9][0-9]{8,9}")
_CURLY: Final = frozenset("“”„‟＂「」")


def read_cells(data: bytes, *, most_bytes: int, most_rows: int, error: type[BadFile]) -> list[tuple[int, list[str]]]:
    """Return the rows of a file, each with its place as a spreadsheet counts it, from 1.

    Args:
        data: the file.
        most_bytes, most_rows: how large it may be.
        error: what is raised if it cannot be read.
    """

    def bad(row: int, reason: str) -> BadFile:
        return error((Problem(row, "", reason),))

    if len(data) > most_bytes:
        raise bad(0, f"the file has {len(data)} bytes, and may have {most_bytes}: upload it in parts")
    rows: list[tuple[int, list[str]]] = []
    row, problem = 0, ""
    try:
        for row, cells in _split(_decoded(data, error)):
            if not any(cells) or (row == 1 and _is_header(cells)):
                continue
            if len(rows) == most_rows:
                raise bad(row, f"the file has more than {most_rows} rows: upload it in parts")
            rows.append((row, cells))
    except csv.Error as reason:
        problem = f"this is not CSV: {reason}: save the file as CSV, with straight quotes and commas"
    if problem:
        raise bad(row + 1, problem)
    if not rows:
        raise bad(0, "the file names no number")
    return rows


def write_cells(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as a file that `read_cells` reads: UTF-8 with a byte order mark, for Excel."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def no_formula(cell: str) -> str:
    """Return a cell in a form that no spreadsheet takes for a formula of its own."""
    if not unicodedata.normalize("NFKC", cell).startswith(_STARTS_A_FORMULA):
        return cell
    return '="' + cell.replace('"', '""') + '"'


def has_curly_quotes(cell: str) -> bool:
    """Return whether a cell has quotes as word processors write them."""
    return bool(set(cell) & _CURLY)


def read_number(cell: str) -> tuple[str, str]:
    """Return the number in a cell and "", or "" and what is wrong with it and what to do."""
    if not cell:
        return "", "a number is missing here"
    if cell != unicodedata.normalize("NFKC", cell):
        return "", f"{with_unseen_named(cell)!r} has full-width characters: write half-width digits"
    if _LOST_ZERO.fullmatch(cell):
        return "", f"{cell} has lost its leading 0, as spreadsheets do: format the column as text, and write 0{cell}"
    try:
        return normalise_number(cell), ""
    except InvalidNumber as error:
        return "", str(error)


def _decoded(data: bytes, error: type[BadFile]) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise error((Problem(0, "", "this is neither UTF-8 nor CP932 text: save the file as CSV UTF-8"),))


def _split(text: str) -> Iterator[tuple[int, list[str]]]:
    for row, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1):
        yield row, [plain(cell) for cell in cells]


def plain(cell: str) -> str:
    """Return what a cell holds without the blanks around it; of one that is kept as a text (`no_formula`), the text."""
    cell = cell.strip()
    kept = _KEPT_AS_TEXT.match(cell)
    return cell if kept is None else kept[1].replace('""', '"').strip()


def _is_header(cells: Sequence[str]) -> bool:
    return not any(letter.isdigit() for letter in unicodedata.normalize("NFKC", cells[0])) and cells[0] != ""
