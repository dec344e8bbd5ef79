"""The file of lines: every problem has its row, and what was read is what is written."""

from __future__ import annotations

import io

from credentials.errors import BadLinesFile
from credentials.lines.csv_file import ListedLine, read_lines, write_lines
from credentials.lines.numbers import normalise_number
from credentials.model import Line
from tests.fuzz.inputs import stretched

_MOST = 8000


def one_input(data: bytes) -> None:
    content = stretched(data, _MOST)
    try:
        lines = read_lines(_opened(content))
    except BadLinesFile as error:
        assert error.problems
        assert str(error)
        assert all(problem.row >= 0 and problem.reason for problem in error.problems)
        assert [problem.row for problem in error.problems] == sorted(problem.row for problem in error.problems)
        return
    numbers = [number for line in lines.values() for number in line.places]
    assert len(numbers) == len(set(numbers)), "a number belongs to one line"
    for contract_number, line in lines.items():
        assert contract_number in line.places
        assert all(normalise_number(number) == number for number in line.places)
    assert _read_again(lines) == {number: (set(line.places), line.language or "ja") for number, line in lines.items()}


def _opened(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")


def _read_again(lines: dict[str, ListedLine]) -> dict[str, tuple[set[str], str]]:
    target = io.StringIO(newline="")
    write_lines((Line(number, frozenset(line.places), line.language or "ja") for number, line in lines.items()), target)
    again = read_lines(io.StringIO(target.getvalue(), newline=""))
    return {number: (set(line.places), line.language or "") for number, line in again.items()}
