"""Calls are found by a whole number, by a part of one and by trunk, without a look at all calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, text

from ivr.records import CallReader, CallWriter, Query, open_existing_records, open_records, queries
from ivr.records.changes import Change
from ivr.records.schema import IVR_HISTORY, calls
from storage.database import Database
from storage.errors import SchemaMismatch
from storage.reach import note_oldest_program
from tests.ivr.records.calls import STEP, call

OpenWriter = Callable[..., CallWriter]

_NUMBERS = ("0312345678", "0312345679", "09012345678")
_MADE = st.lists(st.tuples(st.sampled_from(_NUMBERS), st.sampled_from((*_NUMBERS, None)), st.integers(0, 5)))


@given(made=_MADE, number=st.sampled_from(_NUMBERS), limit=st.sampled_from([1, 2, 100, None]))
def test_a_whole_number_finds_the_latest_calls_from_it_and_for_it(
    made: list[tuple[str, str | None, int]],
    number: str,
    limit: int | None,
    database: Database,
    reader: CallReader,
    open_writer: OpenWriter,
) -> None:
    with database.writing() as connection:
        connection.execute(delete(calls))
    changes: list[list[Change]] = [
        [call(f"{place:03d}", caller=caller, after_s=at), replace(STEP, call_id=f"{place:03d}", target=target)]
        for place, (caller, target, at) in enumerate(made)
    ]
    open_writer().write([change for of_call in changes for change in of_call])
    wanted = [(-at, f"{place:03d}") for place, (caller, target, at) in enumerate(made) if number in {caller, target}]
    found = reader.search(Query(number=number, limit=limit))
    assert [each.call_id for each in found] == [call_id for _, call_id in sorted(wanted)][:limit]


def test_a_part_of_a_number_is_looked_for_in_the_latest_calls(
    reader: CallReader, open_writer: OpenWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_writer().write([call(str(place), caller=f"031234567{place}", after_s=place) for place in range(4)])
    monkeypatch.setattr(queries, "LOOKED_THROUGH", 2)
    assert [found.call_id for found in reader.search(Query(number="4567"))] == ["3", "2"]
    assert reader.search(Query(number="45670")) == []
    earlier = Query(number="45670", until=call(after_s=2).began_at)
    assert [found.call_id for found in reader.search(earlier)] == ["0"]


@pytest.mark.parametrize("names", [[], ["a"], ["b", "a", "a", "c"]])
def test_each_trunk_is_named_once_in_order(names: list[str], reader: CallReader, open_writer: OpenWriter) -> None:
    open_writer().write([call(str(place), trunk=name) for place, name in enumerate(names)])
    assert reader.trunks() == sorted(set(names))


def test_records_that_a_newer_program_only_added_to_are_read(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    database = open_records(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE ivr_version SET version_num = '9999'"))
        note_oldest_program(connection, IVR_HISTORY.version_table, "9999")
    with pytest.raises(SchemaMismatch, match="install the newer program"):
        open_existing_records(url)
    with database.writing() as connection:
        note_oldest_program(connection, IVR_HISTORY.version_table, "0001")
    open_existing_records(url).close()
    database.close()
