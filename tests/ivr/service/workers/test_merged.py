"""What several workers report, as one."""

from __future__ import annotations

from dataclasses import fields

from prometheus_client.parser import text_string_to_metric_families

from ivr.call.dialogue.events import Outcome
from ivr.records.vitals import AmiState, StoreState, Vitals
from ivr.service.watching.metrics import Metrics
from ivr.service.watching.turned_away import TurnedAway
from ivr.service.workers.merged import merged_page, merged_vitals

WELL = Vitals(
    calls=2,
    listening=True,
    languages=2,
    strain="",
    tick_age_s=0.01,
    late_ms=1.0,
    hashes_running=1,
    hashes_waiting=0,
    records_waiting=3,
    records_left_out=0,
    recorder_up=True,
    store=StoreState(up=True),
    ami=AmiState(status="connected", asterisk="22.10.1"),
    audit_records=7,
    clock_ahead_s=0.5,
)
ILL = Vitals(
    calls=3,
    listening=False,
    languages=1,
    strain="clock",
    tick_age_s=9.0,
    late_ms=900.0,
    hashes_running=2,
    hashes_waiting=5,
    records_waiting=4,
    records_left_out=1,
    recorder_up=False,
    store=StoreState(up=False, problem="the disk is full"),
    ami=AmiState(status="away", reason="refused"),
    audit_records=6,
    clock_ahead_s=-3600.0,
)


def page(refused: int) -> str:
    metrics = Metrics()
    metrics.watch(lambda: WELL)
    for _ in range(refused):
        metrics.turned_away(TurnedAway.STRAINED)
    metrics.unheard(Outcome.FAILED)
    metrics.tick_late(0.03)
    return metrics.page().decode()


def test_each_series_of_each_worker_is_there_once_and_names_its_worker() -> None:
    merged = list(text_string_to_metric_families(merged_page({1: page(2), 3: page(5)}).decode()))
    single = list(text_string_to_metric_families(page(2)))
    assert [metric.name for metric in merged] == [metric.name for metric in single]
    by_name = {metric.name: metric for metric in merged}
    for metric in single:
        assert by_name[metric.name].type == metric.type
        assert by_name[metric.name].documentation == metric.documentation
        for worker in ("1", "3"):
            of_worker = [sample for sample in by_name[metric.name].samples if sample.labels["worker"] == worker]
            assert [sample.name for sample in of_worker] == [sample.name for sample in metric.samples]
    refused = {
        sample.labels["worker"]: sample.value
        for sample in by_name["karipass_calls_refused"].samples
        if sample.labels["reason"] == "strained"
    }
    assert refused == {"1": 2, "3": 5}


def test_of_a_worker_that_has_ended_its_counts_are_shown_and_not_how_it_was() -> None:
    merged = {metric.name: metric for metric in text_string_to_metric_families(merged_page({}, {4: page(2)}).decode())}
    assert "karipass_calls_in_progress" not in merged
    assert "karipass_store_up" not in merged
    assert {sample.labels["worker"] for sample in merged["karipass_calls_refused"].samples} == {"4"}
    assert merged["karipass_tick_lateness_seconds"].samples


def test_without_workers_there_is_no_series() -> None:
    assert merged_page({}) == b""


def test_a_service_of_one_worker_is_as_that_worker_is() -> None:
    assert merged_vitals([WELL]) == WELL
    assert merged_vitals([ILL]) == ILL


def test_a_call_is_carried_if_one_worker_can_carry_it_and_what_is_wrong_is_told() -> None:
    for pair in ([WELL, ILL], [ILL, WELL]):
        both = merged_vitals(pair)
        assert (both.listening, both.strain, both.tick_age_s) == (True, "", 0.01)
        assert (both.store, both.ami, both.recorder_up) == (ILL.store, ILL.ami, False)
        assert (both.calls, both.hashes_running, both.hashes_waiting) == (5, 3, 5)
        assert (both.records_waiting, both.records_left_out, both.late_ms) == (7, 1, 900.0)
        assert (both.languages, both.audit_records, both.clock_ahead_s) == (2, 7, -3600.0)


def test_a_worker_that_has_not_reported_yet_changes_nothing() -> None:
    started = Vitals(store=StoreState(up=True), ami=WELL.ami)
    assert merged_vitals([WELL, started]) == WELL
    assert merged_vitals([]) == Vitals()


def test_no_vital_is_forgotten() -> None:
    merged = merged_vitals([WELL])
    assert all(getattr(merged, field.name) == getattr(WELL, field.name) for field in fields(Vitals))
