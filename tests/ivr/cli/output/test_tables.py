"""Tables: one line a row if there is room; otherwise wrapped, or as blocks. No piece is ever missing."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from ivr.cli.output.tables import Column, print_hanging, print_table

COLUMNS = (
    Column(name="id", least=12),
    Column(name="number", least=11),
    Column(name="count", right=True),
    Column(name="what it is", prose=True),
)
ROWS = [
    ("aaaaaaaaaaaa", "0312345678", "3", "a key that is not in use here, whatever it is"),
    ("bbbbbbbbbbbb", "09012345678", "", "設定できませんでした。もう一度、おかけください。"),
]


def printed(
    width: int, rows: Sequence[Sequence[str]] = ROWS, columns: Sequence[Column] = COLUMNS, *, header: bool = True
) -> list[str]:
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=True, color_system=None, highlight=False)
    print_table(console, columns, rows, header=header)
    return written.getvalue().splitlines()


def test_a_table_that_fits_has_a_line_a_row() -> None:
    head, first, second = printed(100)
    assert head.split() == ["id", "number", "count", "what", "it", "is"]
    assert first.index("a key") == second.index("設定") == head.index("what")
    assert first[head.index("count") : head.index("count") + 5] == "    3"


def test_prose_is_wrapped_within_its_column() -> None:
    lines = printed(64)
    place = lines[0].index("what")
    assert [line[place:] for line in lines[1:3]] == ["a key that is not in use here,", "whatever it is"]
    assert lines[2][:place].strip() == ""


def test_what_does_not_fit_becomes_blocks_that_name_each_value() -> None:
    assert printed(40) == [
        "id aaaaaaaaaaaa  number 0312345678",
        "  count 3",
        "  what it is a key that is not in use",
        "             here, whatever it is",
        "id bbbbbbbbbbbb  number 09012345678",
        "  what it is 設定できませんでした。もう",
        "             一度、おかけください。",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 160])
def test_a_row_that_is_printed_later_stands_under_the_others(width: int) -> None:
    together = printed(width, [*ROWS, ("cccccccccccc", "1", "7", "")])
    later = printed(width, [("cccccccccccc", "1", "7", "")], header=False)
    assert together[-len(later) :] == later


def test_away_from_a_terminal_a_row_is_a_line_without_blanks_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Console(file=io.StringIO(), width=20), COLUMNS, [*ROWS, ("cccccccccccc", "1", "", "one\ntwo")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[1].endswith("a key that is not in use here, whatever it is")
    assert lines[3].endswith("one two")
    assert all(line == line.rstrip() for line in lines)


def test_a_text_of_others_does_not_steer_the_terminal() -> None:
    assert "\x1b" not in "".join(printed(100, [("a\x1b[2J", "1", "", "x\x1b]0;y\x07")]))


def test_a_text_hangs_under_its_first_line() -> None:
    written = io.StringIO()
    print_hanging(
        Console(file=written, width=32, force_terminal=True, color_system=None), "  0.5  ", "one two three " * 3
    )
    assert all(line.startswith("       ") for line in written.getvalue().splitlines()[1:])


words = st.text(st.sampled_from("abc0123456789設定。"), min_size=1, max_size=14)
proses = st.lists(words, max_size=8).map(" ".join)


@given(
    rows=st.lists(st.tuples(words, words, st.integers(0, 999).map(str), proses), min_size=1, max_size=4),
    width=st.integers(40, 120),
)
def test_whatever_the_rows_are_no_value_is_broken_or_left_out_and_no_line_is_too_wide(
    rows: list[tuple[str, str, str, str]], width: int
) -> None:
    lines = printed(width, rows, header=False)
    assert all(cell_len(line) <= width for line in lines)
    text = re.sub(r"\s+", " ", " ".join(lines))
    for *atoms, prose in rows:
        assert all(atom in text for atom in atoms)
        assert all(letter in text for letter in prose)
