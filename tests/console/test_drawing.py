"""The places of things in the drawing of a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.call.drawing import WIDTH, draw
from ivr.records import CallBegan, CallRecord, CallSummary, RecordedEntry

Entry = tuple[float | None, str, dict[str, object]]
"""An entry: its time, its kind, and its other fields."""

BEGAN = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
FIGURES = {
    "begin_s": 1.0,
    "duration_ms": 100.0,
    "level_dbm0": -10.0,
    "twist_db": 0.0,
    "snr_db": 40.0,
    "low_offset_percent": 0.0,
    "high_offset_percent": 0.0,
}
HIDDEN: dict[str, float | None] = FIGURES | {"begin_s": None, "duration_ms": None}


def summary(outcome: str = "failed", seconds: float = 10.0) -> CallSummary:
    return CallSummary(
        began=CallBegan(
            call_id="c0ffee", channel_id="1", trunk="trunk", began_at=BEGAN, caller="0312345678", language="ja"
        ),
        service_id="service",
        ended_at=BEGAN + timedelta(seconds=seconds),
        unit=None,
        target=None,
        step="unit",
        outcome=outcome,
        reason="",
        wrong_entries=0,
        silences=0,
        keys=0,
        missed=0,
        hangup=None,
        rtp=None,
    )


def record(*entries: Entry, seconds: float = 10.0) -> CallRecord:
    made = [RecordedEntry(place, at_s, kind, body) for place, (at_s, kind, body) in enumerate(entries)]
    return CallRecord(summary(seconds=seconds), made)


def key(at_s: float | None, value: str | None = "1", **figures: object) -> Entry:
    body = {
        "source": "in-band",
        "counted": True,
        "value": value,
        "figures": (HIDDEN if at_s is None else FIGURES) | figures,
    }
    return at_s, "key", body


def judged(at_s: float | None, verdict: str, step: str = "unit") -> Entry:
    return at_s, "judged", {"step": step, "verdict": verdict, "keys": 0, "shown": "", "attempt": 0, "named": True}


def said(at_s: float, text: str = "press", **more: object) -> Entry:
    return at_s, "said", {"text": text, **more}


ENDED: Entry = (10.0, "ended", {"outcome": "failed", "reason": "silence"})


def test_a_key_is_where_its_tones_were() -> None:
    drawing = draw(record(said(0.0), key(5.12, begin_s=5.0, duration_ms=120.0), ENDED))
    [mark] = drawing.keys
    middle = (drawing.ticks[0][0] + drawing.ticks[-1][0]) / 2
    assert mark.x == pytest.approx(middle, abs=0.2)
    assert mark.width == pytest.approx(0.12 * (drawing.ticks[-1][0] - drawing.ticks[0][0]) / 10, abs=0.2)


def test_keys_without_a_time_lie_evenly_between_their_neighbours_in_a_band() -> None:
    drawing = draw(record(said(0.0), key(2.0), *[key(None, None)] * 8, said(6.0), ENDED))
    [band] = drawing.hidden
    dots = [mark.x for mark in drawing.keys[1:]]
    gaps = {round(after - before, 1) for before, after in pairwise(dots)}
    assert len(dots) == 8
    assert len(gaps) == 1
    assert band.x <= dots[0] < dots[-1] <= band.x + band.width
    assert band.label == "8"


def test_guidance_lasts_until_it_is_stopped_or_the_next_one_begins() -> None:
    drawing = draw(record(said(0.0), (2.0, "interrupted", {}), said(4.0), said(8.0), ENDED))
    scale = (drawing.ticks[-1][0] - drawing.ticks[0][0]) / 10
    lengths = [(round(bar.width / scale, 1), bar.kind) for bar in drawing.guidance]
    assert lengths == [(2.0, "stopped"), (4.0, "heard"), (2.0, "heard")]


def test_guidance_that_a_hidden_key_stopped_ends_at_the_first_of_them() -> None:
    drawing = draw(record(said(0.0), (None, "interrupted", {}), *[key(None, None)] * 8, said(6.0), ENDED))
    first = drawing.guidance[0]
    assert first.kind == "stopped"
    assert first.x + first.width == pytest.approx(drawing.keys[0].x)


def test_guidance_that_a_hidden_key_stopped_is_drawn_so_and_never_longer_than_it_is() -> None:
    hidden = [key(None, None)] * 8
    drawing = draw(record(said(0.0, seconds=1.0), (None, "interrupted", {}), *hidden, said(9.0, seconds=1.0), ENDED))
    scale = (drawing.ticks[-1][0] - drawing.ticks[0][0]) / 10
    first = drawing.guidance[0]
    assert (first.kind, round(first.width / scale, 1)) == ("stopped", 1.0)


def test_guidance_whose_length_is_told_ends_by_itself() -> None:
    drawing = draw(record(said(0.0, seconds=3.0), judged(9.0, "silent"), said(9.0), ENDED))
    scale = (drawing.ticks[-1][0] - drawing.ticks[0][0]) / 10
    assert round(drawing.guidance[0].width / scale, 1) == 3.0


def test_silence_is_drawn_up_to_the_moment_when_it_was_judged() -> None:
    drawing = draw(record(said(0.0), key(3.0), judged(None, "silent"), said(9.0), ENDED))
    [silence] = drawing.silence
    assert silence.x == drawing.keys[0].x or silence.x > drawing.keys[0].x
    assert silence.x + silence.width == pytest.approx(drawing.entries[0].x)


def test_steps_part_at_accepted_entries() -> None:
    drawing = draw(record(said(0.0), judged(4.0, "accepted"), judged(6.0, "wrong", "number"), ENDED))
    assert [bar.label for bar in drawing.steps] == ["unit", "unit"]
    assert drawing.end_x == drawing.steps[-1].x + drawing.steps[-1].width


def test_labels_of_fast_keys_do_not_lie_on_each_other() -> None:
    drawing = draw(record(*[key(place / 20, begin_s=place / 20) for place in range(12)], ENDED))
    labels = [mark.label_x for mark in drawing.keys]
    assert all(after - before >= 11.9 for before, after in pairwise(labels))


def test_a_call_that_has_just_begun_can_be_drawn() -> None:
    bare = CallRecord(replace(summary(), ended_at=None), [])
    assert draw(bare).width >= WIDTH


kinds = st.sampled_from(["said", "interrupted", "key", "missed", "judged"])


@given(st.lists(st.tuples(st.floats(0, 300), kinds, st.booleans()), max_size=40))
def test_nothing_is_drawn_outside(parts: list[tuple[float, str, bool]]) -> None:
    bodies: dict[str, dict[str, object]] = {
        "said": {"text": "x"},
        "interrupted": {},
        "key": {"source": "rfc4733", "counted": True, "value": None, "figures": None},
        "missed": {"value": None, "failed": "twist", "figures": HIDDEN},
        "judged": {"step": "unit", "verdict": "silent"},
    }
    entries = [
        (None if untimed and kind != "said" else at_s, kind, bodies[kind])
        for (at_s, kind, untimed) in sorted(parts, key=lambda part: part[0])
    ]
    drawing = draw(record(*entries, seconds=300))
    for mark in (*drawing.keys, *drawing.misses, *drawing.entries):
        assert 0 <= mark.x <= drawing.width
    for bar in (*drawing.guidance, *drawing.hidden, *drawing.silence, *drawing.steps):
        assert bar.x >= 0
        assert bar.x + bar.width <= drawing.width + 4
        assert bar.width >= 0
