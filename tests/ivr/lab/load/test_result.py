"""The figures of a load: how they are summed up, when they pass, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ivr.cli.load import rows_of
from ivr.lab.load.crowd.loop import Lateness
from ivr.lab.load.judge import Fate, JudgedCall
from ivr.lab.load.metrics_page import Ticks
from ivr.lab.load.processes import PartUse
from ivr.lab.load.result import Load, LoadResult, Spread
from tests.ivr.lab.load.plans import PASSWORD, notes
from tests.ivr.lab.load.test_judge import record

SET = JudgedCall(notes(silences_s=[0.04, 0.06]), record(), Fate.SET)


def result(*calls: JudgedCall, **values: Any) -> LoadResult:
    others: dict[str, Any] = {
        "ended_early": False,
        "took_s": 90.0,
        "store_answers_s": [0.5, 0.7, 0.6],
        "ticks": Ticks(1000, 5, 1),
        "callers": Lateness(10_000, 10, 0.034),
        "parts": [PartUse(part="service", name="python", cores=0.25, memory_mib=300.0, grown_mib=40.0)],
    }
    return LoadResult.of(Load(calls=2, minutes=1.0, seed=5), calls, **(others | values))


def test_times_are_summed_up_by_nearest_rank() -> None:
    spread = Spread.of(range(1, 201))
    assert spread == Spread(count=200, median_s=100, p99_s=198, most_s=200)
    assert Spread.of([3.0]) == Spread(count=1, median_s=3.0, p99_s=3.0, most_s=3.0)
    assert Spread.of([]) is None


def test_a_load_in_which_all_went_as_meant_passes() -> None:
    assert result(SET, JudgedCall(notes(), None, Fate.LEFT)).passed


@pytest.mark.parametrize(
    "calls",
    [
        (),
        (SET, JudgedCall(notes(), record(keys=16), Fate.SET)),
        (SET, JudgedCall(notes(), record(keys=18), Fate.SET)),
        *((SET, JudgedCall(notes(), record(), fate)) for fate in Fate if not fate.is_as_meant),
    ],
)
def test_a_load_in_which_something_went_otherwise_does_not_pass(calls: Sequence[JudgedCall]) -> None:
    assert not result(*calls).passed


def test_keys_missed_in_one_call_do_not_make_up_for_those_that_were_extra_in_another() -> None:
    summed = result(
        SET, JudgedCall(notes(), record(keys=15), Fate.LOST), JudgedCall(notes(), record(keys=18), Fate.SET)
    )
    assert (summed.clean, summed.keys, summed.keys_missed, summed.keys_extra) == (3, 51, 2, 1)
    assert len(summed.complaints) == 2


def test_the_table_has_each_figure() -> None:
    shown = {str(name).strip(): (str(figure), str(more)) for name, figure, more in rows_of(result(SET, SET))}
    assert shown["calls"] == ("2", "2 at once for 1 min, seed 5")
    assert shown["set"] == ("2", "100.00 %")
    assert shown["wrong"] == ("0", "0.00 %")
    assert shown["keys pressed"][0] == "34"
    assert shown["missed"][0] == shown["extra"][0] == "0"
    assert shown["answer to first guidance"][0] == "400 ms"
    assert shown["key to silence"] == ("40 ms", "median of 4; 99 % within 60 ms, all within 60 ms")
    assert shown["store's answer"][0] == "600 ms"
    assert shown["ticks over 20 ms late"][0] == "0.50 %"
    assert shown["ticks over 100 ms late"][0] == "0.10 %"
    assert shown["callers over 20 ms late"][0] == "0.10 %"
    assert shown["service"] == ("0.25 cores", "300 MiB, 40 more than at the start")


def test_each_process_of_a_part_has_a_row_of_its_own() -> None:
    parts = [
        PartUse(part="service", name=name, cores=cores, memory_mib=300.0, grown_mib=40.0)
        for name, cores in (("worker", 0.25), ("store", 0.5))
    ]
    shown = {str(name): str(figure) for name, figure, _ in rows_of(result(SET, parts=parts))}
    assert (shown["service (worker)"], shown["service (store)"]) == ("0.25 cores", "0.50 cores")


def test_a_figure_that_is_not_known_is_shown_as_such() -> None:
    shown = {str(name).strip(): str(figure) for name, figure, _ in rows_of(result(ticks=None, store_answers_s=[]))}
    assert shown["ticks late"] == shown["store's answer"] == "-"


def test_a_load_that_was_ended_early_says_so() -> None:
    assert "ended early" in str(rows_of(result(SET, ended_early=True))[0][2])


def test_the_figures_for_programs_are_those_of_the_table_and_show_no_password() -> None:
    written = json.dumps(result(SET).as_json())
    figures = json.loads(written)
    assert (figures["passed"], figures["calls"], figures["fates"]["set"]) == (True, 1, 1)
    assert figures["key_to_silence"]["p99_s"] == 0.06
    assert figures["parts"][0]["cores"] == 0.25
    assert PASSWORD not in written
