"""What a service reports about itself, and how it is read again."""

from __future__ import annotations

import json

from ivr.records.vitals import AmiState, StoreState, Vitals, vitals_from_json

REPORTED = Vitals(
    calls=3,
    listening=True,
    languages=2,
    tick_age_s=0.02,
    late_ms=2.5,
    hashes_running=1,
    hashes_waiting=4,
    records_waiting=5,
    records_left_out=0,
    recorder_up=True,
    store=StoreState(up=False, problem="disk full"),
    ami=AmiState(status="away", reason="why", since="2026-04-01T09:00:00+00:00", asterisk="22.10.1"),
    audit_records=7,
)


def test_what_is_reported_is_read_again() -> None:
    assert vitals_from_json(json.loads(json.dumps(REPORTED.as_json()))) == REPORTED


def test_a_report_of_another_version_is_read_as_far_as_it_goes() -> None:
    strange = {"calls": "many", "ami": ["connected"], "late_ms": None, "store": {"up": 1}, "listening": 1, "new": 1}
    assert vitals_from_json(strange) == Vitals()
    assert vitals_from_json({"calls": 3, "late_ms": 2, "ami": {"status": "away", "reason": 5}}) == Vitals(
        calls=3, late_ms=2.0, ami=AmiState(status="away")
    )


def test_a_figure_that_changes_waits_for_the_beat_and_a_state_does_not() -> None:
    assert Vitals(calls=1, late_ms=3.0).states == Vitals(calls=2, late_ms=4.0).states
    assert Vitals(store=StoreState(up=True)).states != Vitals().states
