"""The CSV file with the passwords that a change of the unit needs, on a line with many numbers.

    "number","password"
    "0312345678","…"

UTF-8 with or without a byte order mark and CP932 are read, and numbers in any form that a person may write.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number

_HEADER: Final = ("number", "password")
_MOST_PROBLEMS: Final = 10
_CURLY: Final = "“”„‟＂"
_COLUMNS: Final = 2


@dataclass(frozen=True)
class ProofProblem:
    """One thing that is wrong in the file.

    Attributes:
        kind: which: TEXT, COLUMNS, CURLY, NUMBER, STRANGE, TWICE or MISSING.
        row: the row as a spreadsheet counts it, 1 for the header; 0 if it is the whole file.
        value: the number in question; never a password.
    """

    kind: str
    row: int = 0
    value: str = ""


class BadProofs(Exception):  # noqa: N818 - reads as what it says
    """The file cannot be used.

    Attributes:
        problems: the first problems that were found.
    """

    def __init__(self, problems: list[ProofProblem]) -> None:
        self.problems = problems[:_MOST_PROBLEMS]
        super().__init__(f"{len(problems)} problems")


def write_template(numbers: Collection[str]) -> str:
    """Return the file with these numbers and no passwords."""
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows((number, "") for number in numbers)
    return target.getvalue()


def read_proofs(content: bytes, needed: Collection[str]) -> Mapping[str, str]:
    """Return the passwords by number.

    Args:
        content: the file.
        needed: the numbers whose passwords it must have.

    Raises:
        BadProofs: it cannot be read, names a number that is not needed, or lacks one.
    """
    rows = _rows(content)
    problems: list[ProofProblem] = []
    proofs: dict[str, str] = {}
    for place, row in enumerate(rows, start=1):
        if not any(cell.strip() for cell in row) or (place == 1 and row[0].strip().lower() == _HEADER[0]):
            continue
        if any(mark in row[0] for mark in _CURLY):
            problems.append(ProofProblem("CURLY", place))
        elif len(row) != _COLUMNS:
            problems.append(ProofProblem("COLUMNS", place))
        else:
            problems += _take(proofs, place, row, needed)
    problems += [ProofProblem("MISSING", 0, number) for number in needed if not proofs.get(number) and not problems]
    if problems:
        raise BadProofs(problems)
    return proofs


def _take(proofs: dict[str, str], place: int, row: list[str], needed: Collection[str]) -> list[ProofProblem]:
    text = row[0].strip()
    try:
        number = normalise_number(_with_its_zero(text))
    except InvalidNumber:
        return [ProofProblem("NUMBER", place, text[:20])]
    if number not in needed:
        return [ProofProblem("STRANGE", place, number)]
    if number in proofs:
        return [ProofProblem("TWICE", place, number)]
    proofs[number] = row[1].strip()
    return []


def _with_its_zero(text: str) -> str:
    """Return a number with the 0 that a spreadsheet took off; which number is meant is certain in this file."""
    return f"0{text}" if text.isascii() and text.isdigit() and not text.startswith("0") else text


def _rows(content: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
            return list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error):
            continue
    raise BadProofs([ProofProblem("TEXT")])
