"""The lines of a load: enough for its calls, none used by two calls at once, and such that can be imported."""

from __future__ import annotations

import io

import pytest

from ivr.lab.load.lines import MOST_LINES, FreeLines, LoadLine, lines_file, lines_for
from ivr.lab.scenarios.simulated import temporary_store

LINES = [LoadLine.numbered(place) for place in range(3)]


def test_the_lines_can_be_imported() -> None:
    last = LoadLine.numbered(MOST_LINES - 1)
    with temporary_store() as store:
        result = store.import_lines(io.StringIO(lines_file([*LINES, last])))
        assert (result.lines, result.numbers) == (4, 8)
        admitted = store.admit(last.additional)
    assert getattr(admitted, "contract_number", None) == last.contract


def test_a_line_is_used_again_only_when_all_others_were() -> None:
    free = FreeLines(LINES)
    first = free.take()
    free.give_back(first)
    assert [free.take() for _ in range(3)] == [LINES[1], LINES[2], first]
    with pytest.raises(IndexError):
        free.take()


def test_there_are_more_lines_than_calls() -> None:
    assert lines_for(100, 2) > 100 * 2 * 60 / 20
    assert lines_for(100, 0.01) >= 200
    assert lines_for(4000, 1440) == MOST_LINES
