"""What is counted of calls, and what must not be."""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from dsp.events import FailedTest
from ivr.call.dialogue import Dialogue, Limits
from ivr.call.dialogue.events import (
    Ending,
    Event,
    GuidanceEnded,
    HungUp,
    Judged,
    NotAdmitted,
    Outcome,
    RefusalReason,
    StoreAway,
    StreamBroken,
    Verdict,
)
from ivr.call.transcript import Ended, EntryJudged, KeyFigures, KeyHeard, KeyMissed
from ivr.records import AmiState, Vitals
from ivr.service.watching.metrics import Metrics
from ivr.service.watching.turned_away import TurnedAway
from ivr.telephony.ami.channel_end import RtpFigures, channel_end, unknown_end
from ivr.telephony.strangers import STRANGERS
from tests.ivr.service.scripted_asterisk import Channel, ScriptedHouse, in_call

FIGURES = KeyFigures(
    begin_s=None,
    duration_ms=None,
    level_dbm0=-15.0,
    twist_db=-3.0,
    snr_db=30.0,
    low_offset_percent=0.0,
    high_offset_percent=0.0,
)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    registry: CollectorRegistry = metrics.registry
    return registry.get_sample_value(name, labels)


def judged(step: str, verdict: Verdict) -> EntryJudged:
    return EntryJudged(Judged(step, verdict, 8, "********", 0 if verdict is Verdict.ACCEPTED else 1, named=False))


def test_calls_are_counted_by_outcome_and_reason() -> None:
    metrics = Metrics()
    for outcome in (Outcome.SET, Outcome.SET, Outcome.FAILED):
        metrics.observer()(1.0, Ended(Ending(outcome, "why")))
    assert value(metrics, "karipass_calls_total", outcome="set", reason="why") == 2
    assert value(metrics, "karipass_calls_total", outcome="failed", reason="why") == 1


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (StoreAway(), Outcome.ERROR),
        (StreamBroken(), Outcome.ERROR),
        (HungUp(), Outcome.ABANDONED),
        (NotAdmitted(RefusalReason.LOCKED), Outcome.REFUSED),
    ],
)
def test_the_first_call_that_ends_so_is_an_increase(event: Event, outcome: Outcome) -> None:
    dialogue = Dialogue("0312345678", limits=Limits(), now=0.0)
    dialogue.handle(event, 0.0)
    dialogue.handle(GuidanceEnded(), 10.0)
    assert dialogue.ending is not None
    assert dialogue.ending.outcome is outcome
    assert value(Metrics(), "karipass_calls_total", outcome=outcome.value, reason=dialogue.ending.reason) == 0


def test_a_step_is_measured_from_the_judgement_before_in_whole_seconds() -> None:
    now = 100.0
    metrics = Metrics(clock=lambda: now)
    call = metrics.observer()
    now = 104.4
    call(4.4, judged("unit", Verdict.ACCEPTED))
    now = 116.7
    call(None, judged("password", Verdict.WRONG))
    now = 119.1
    call(None, judged("password", Verdict.ACCEPTED))
    sums = [
        value(metrics, "karipass_step_seconds_sum", step=step, verdict=verdict)
        for step, verdict in (("unit", "accepted"), ("password", "wrong"), ("password", "accepted"))
    ]
    assert sums == [4.0, 12.0, 2.0]


def test_keys_are_counted_by_source_and_in_band_keys_by_their_figures() -> None:
    metrics = Metrics()
    call = metrics.observer()
    call(None, KeyHeard("in-band", counted=True, value=None, figures=FIGURES))
    call(None, KeyHeard("rfc4733", counted=False, value=None, figures=None))
    call(None, KeyMissed(None, "twist", FIGURES))
    assert value(metrics, "karipass_keys_total", source="in-band", counted="yes") == 1
    assert value(metrics, "karipass_keys_total", source="rfc4733", counted="no") == 1
    assert value(metrics, "karipass_near_misses_total", failed="twist") == 1
    assert value(metrics, "karipass_key_level_dbm0_bucket", le="-15.0") == 1
    assert value(metrics, "karipass_key_level_dbm0_bucket", le="-20.0") == 0
    assert value(metrics, "karipass_key_twist_db_count") == 1
    assert value(metrics, "karipass_key_snr_db_count") == 1


@pytest.mark.parametrize("source", ["in-band", "rfc4733"])
@pytest.mark.parametrize("counted", ["yes", "no"])
def test_the_first_key_of_a_source_is_an_increase(source: str, counted: str) -> None:
    assert value(Metrics(), "karipass_keys_total", source=source, counted=counted) == 0


@pytest.mark.parametrize("failed", list(FailedTest))
def test_the_first_burst_that_fails_a_test_is_an_increase(failed: FailedTest) -> None:
    assert value(Metrics(), "karipass_near_misses_total", failed=str(failed)) == 0


def unheard(metrics: Metrics) -> dict[str, float]:
    outcomes = {outcome: value(metrics, "karipass_calls_unheard_total", outcome=outcome.value) for outcome in Outcome}
    return {outcome.value: count for outcome, count in outcomes.items() if count is not None}


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ABANDONED])
def test_a_caller_whose_every_tone_was_refused_is_unheard(outcome: Outcome) -> None:
    metrics = Metrics()
    assert unheard(metrics) == {"failed": 0, "abandoned": 0}
    call = metrics.observer()
    call(1.0, KeyMissed(None, "twist", FIGURES))
    call(9.0, Ended(Ending(outcome, "why")))
    assert unheard(metrics) == {"failed": 0, "abandoned": 0} | {outcome.value: 1}


@pytest.mark.parametrize("key", [KeyHeard("in-band", True, None, FIGURES), KeyHeard("rfc4733", True, None, None)])
def test_a_caller_of_whom_one_key_was_heard_is_not_unheard(key: KeyHeard) -> None:
    metrics = Metrics()
    call = metrics.observer()
    call(None, key)
    call(9.0, Ended(Ending(Outcome.ABANDONED, "hung_up")))
    metrics.observer()(9.0, Ended(Ending(Outcome.FAILED, "silence")))
    assert unheard(metrics) == {"failed": 1, "abandoned": 0}


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.ERROR, Outcome.SET])
def test_of_who_had_nothing_to_press_nothing_is_missed(outcome: Outcome) -> None:
    metrics = Metrics()
    metrics.observer()(1.0, Ended(Ending(outcome, "why")))
    assert unheard(metrics) == {"failed": 0, "abandoned": 0}


def turned_away(metrics: Metrics) -> dict[str, float | None]:
    return {reason.value: value(metrics, "karipass_calls_refused_total", reason=reason.value) for reason in TurnedAway}


def test_calls_that_are_turned_away_are_counted_by_reason_from_0_on() -> None:
    metrics = Metrics()
    none = dict.fromkeys(
        ("too_many_calls", "too_many_connections", "wrong_secret", "stopping", "too_many_of_a_number", "strained"), 0
    )
    assert turned_away(metrics) == none
    metrics.turned_away(TurnedAway.WRONG_SECRET)
    assert turned_away(metrics) == none | {"wrong_secret": 1}


async def test_a_service_counts_whom_it_turns_away(house: ScriptedHouse) -> None:
    metrics = house.service._monitoring.metrics
    stranger, one_more = Channel(house), Channel(house)
    await stranger.dial(secret="guessed")
    assert await stranger.command() is None
    expected = {
        "too_many_calls": 0,
        "too_many_connections": 0,
        "wrong_secret": 1,
        "stopping": 0,
        "too_many_of_a_number": 0,
        "strained": 0,
    }
    assert turned_away(metrics) == expected
    for _ in range(house.settings.calls):
        await in_call(house)
    await one_more.dial()
    assert await one_more.until_exec() is None
    assert turned_away(metrics) == expected | {"too_many_calls": 1}
    silent = [await house.connect(house.settings.agi_port) for _ in range(STRANGERS + house.settings.calls + 1)]
    with contextlib.suppress(ConnectionError):
        assert await silent[0][0].read() == b""
    assert turned_away(metrics) == expected | {"too_many_calls": 1, "too_many_connections": 1}


def test_a_keys_value_is_no_metric() -> None:
    metrics = Metrics()
    before = metrics.page()
    metrics.observer()(1.0, KeyHeard("in-band", counted=True, value="7", figures=FIGURES))
    seven = Metrics()
    seven.observer()(1.0, KeyHeard("in-band", counted=True, value="1", figures=FIGURES))
    without_times = [re.sub(rb"(_created(\{.*\})?) .*", b"", page) for page in (metrics.page(), seven.page())]
    assert without_times[0] == without_times[1]
    assert metrics.page() != before


def test_hangups_and_the_line_are_counted_where_asterisk_tells_of_them() -> None:
    metrics = Metrics()
    metrics.channel_ended(unknown_end("AMI was away"))
    end = channel_end({"cause": "16", "rtp": "rxcount=95;lp=5;txjitter=0.012;txmes=80"})
    assert end.rtp == RtpFigures(received=95, lost=5, jitter_ms=12.0, rtt_ms=None)
    metrics.channel_ended(end)
    assert value(metrics, "karipass_hangups_total", cause="unknown") == 1
    assert value(metrics, "karipass_hangups_total", cause="16") == 1
    assert value(metrics, "karipass_rtp_loss_percent_sum") == 5.0
    assert value(metrics, "karipass_rtp_jitter_milliseconds_sum") == 12.0


def test_present_values_are_read_when_asked() -> None:
    vitals = Vitals(
        calls=3,
        hashes_running=2,
        hashes_waiting=5,
        records_waiting=7,
        records_left_out=9,
        recorder_up=False,
        ami=AmiState(status="refused", reason="KARIPASS_AMI_SECRET"),
    )
    metrics = Metrics()
    metrics.watch(lambda: vitals)
    assert value(metrics, "karipass_calls_in_progress") == 3
    vitals = replace(vitals, calls=4)
    assert value(metrics, "karipass_calls_in_progress") == 4
    assert value(metrics, "karipass_hashes", state="waiting") == 5
    assert value(metrics, "karipass_records_unwritten") == 7
    assert value(metrics, "karipass_records_left_out") == 9
    assert value(metrics, "karipass_recorder_up") == 0
    assert value(metrics, "karipass_ami", status="refused") == 1
    assert value(metrics, "karipass_ami", status="connected") == 0
    assert value(metrics, "karipass_store_up") == 0
    records = value(metrics, "karipass_audit_records")
    assert records is not None
    assert math.isnan(records)
    vitals = replace(vitals, audit_records=12)
    assert value(metrics, "karipass_audit_records") == 12


def test_late_ticks_fall_into_buckets_around_the_beat() -> None:
    metrics = Metrics()
    metrics.tick_late(0.0005)
    metrics.tick_late(0.03)
    assert value(metrics, "karipass_tick_lateness_seconds_bucket", le="0.001") == 1
    assert value(metrics, "karipass_tick_lateness_seconds_bucket", le="0.02") == 1
    assert value(metrics, "karipass_tick_lateness_seconds_bucket", le="0.05") == 2


def test_two_services_in_one_process_do_not_share_metrics() -> None:
    first, second = Metrics(), Metrics()
    first.observer()(1.0, Ended(Ending(Outcome.SET, "done")))
    assert value(second, "karipass_calls_total", outcome="set", reason="done") is None


def test_the_page_is_what_prometheus_reads() -> None:
    families = {family.name for family in text_string_to_metric_families(Metrics().page().decode())}
    assert {"karipass_calls", "karipass_tick_lateness_seconds", "karipass_build_info"} <= families
