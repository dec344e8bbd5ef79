"""The CSV file of call notices: what is written is read again, and what is wrong is named (docs/rules.md 7.6)."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.addresses import Rule
from notice.settings.checking import faults, tidied
from notice.settings.csv_file import COLUMNS, MOST_BYTES, MOST_ROWS, BadNoticeFile, read_rows, write_rows
from notice.settings.model import MOST_ADDRESSES, MOST_LISTED, Address, Listed, Problem, Settings
from notice.settings.rehearsal import rehearse, seen

NUMBER, OTHER = "0312345678", "0312345679"
NAMES = st.text("abc 田中'@+-=,;\n", max_size=12)
CHOSEN = st.builds(
    Settings,
    started=st.just(False),
    only_listed=st.booleans(),
    only_unanswered=st.booleans(),
    together=st.booleans(),
    addresses=st.lists(
        st.builds(Address, address=st.from_regex(r"\A[-+a-z!=]{1,9}@[a-z]{1,9}\.jp\Z"), ticked=st.booleans()),
        max_size=MOST_ADDRESSES,
        unique_by=lambda one: one.address,
    ).map(tuple),
    listed=st.lists(
        st.builds(Listed, number=st.from_regex(r"\A[0-9]{3,20}\Z"), name=NAMES, ticked=st.booleans()),
        max_size=MOST_LISTED,
        unique_by=lambda one: one.number,
    ).map(tuple),
).map(tidied)


def file_of(*rows: dict[str, str]) -> bytes:
    """Return a file with rows, each given by its columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@given(CHOSEN)
def test_what_is_written_is_read_again_as_it_was(chosen: Settings) -> None:
    if faults(chosen):
        return
    (row,) = read_rows(write_rows([(NUMBER, replace(chosen, version="1"))]))
    assert (row.number, row.wrong) == (NUMBER, ())
    assert row.new == chosen


def test_a_number_that_has_chosen_nothing_has_its_number_alone() -> None:
    (row,) = read_rows(write_rows([(NUMBER, None)]))
    assert (row.number, row.new, row.wrong) == (NUMBER, None, ())


def test_what_is_empty_at_the_end_may_be_missing() -> None:
    (row,) = read_rows(f"{NUMBER},1,0,1,,ann@example.jp,1".encode())
    expected = Settings(started=True, only_unanswered=True, addresses=(Address(address="ann@example.jp"),))
    assert row.new == expected


def test_each_problem_is_named_with_its_column() -> None:
    rows = read_rows(
        file_of(
            {"number": "312345678", "use": "1", "address 2": "a..b@", "send 2": "x"},
            {"number": NUMBER, "use": "", "number 3": "03-1234-5678", "name 4": "n" * 41},
            {"number": NUMBER, "use": "0", "number 1": "“0312345678”"},
        )
    )
    assert [(wrong.column, bool(wrong.reason)) for wrong in rows[0].wrong] == [
        ("number", True),
        ("send 2", True),
        ("address 2", False),
        ("", False),
    ]
    assert rows[0].wrong[2].fault is not None
    assert rows[0].wrong[2].fault.rules == (Rule.AT_LAST, Rule.DOTS_IN_A_ROW)
    found = [(wrong.column, wrong.fault and wrong.fault.problem) for wrong in rows[1].wrong]
    assert found == [
        ("use", None),
        ("number 3", Problem.HYPHENS),
        ("number 4", Problem.NUMBER),
        ("name 4", Problem.NAME),
    ]
    assert "curly quotes" in rows[2].wrong[0].reason
    assert all(row.new is None for row in rows)
    assert "a..b@" not in repr(rows)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "names no number"),
        (b"\xff,\x81", "neither UTF-8 nor CP932"),
        (b'"a"b,c', "not CSV"),
        (b"x" * (MOST_BYTES + 1), "upload it in parts"),
        (b"0312345678\r\n" * (MOST_ROWS + 1), f"more than {MOST_ROWS} rows"),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadNoticeFile, match=reason):
        read_rows(data)


def test_too_many_cells_are_named() -> None:
    (row,) = read_rows((NUMBER + "," * len(COLUMNS)).encode())
    assert f"may have {len(COLUMNS)}" in row.wrong[0].reason


def test_a_rehearsal_names_foreign_and_repeated_numbers() -> None:
    rows = read_rows(file_of({"number": NUMBER, "use": "0"}, {"number": NUMBER, "use": "0"}, {"number": OTHER}))
    found = rehearse(rows, {NUMBER}, {})
    assert (found.wrong, found.changes) == (2, 0)
    assert ["already" in row.wrong[0].reason for row in found.rows] == [True, False]


def test_what_is_set_already_changes_nothing() -> None:
    known = {NUMBER: Settings(addresses=(Address(address="ann@example.jp"),), version="1")}
    rows = read_rows(write_rows(known.items()))
    assert rehearse(rows, {NUMBER, OTHER}, known).changes == 0
    changed = {NUMBER: replace(known[NUMBER], version="2")}
    assert seen(rows, known) == seen(rows, dict(known)) != seen(rows, changed)
