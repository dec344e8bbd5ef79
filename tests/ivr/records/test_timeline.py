"""A call on one line of time (docs/rules.md 5.2)."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.records import RecordedEntry
from ivr.records.timeline import ticks, timeline_of

Noted = tuple[float | None, str, dict[str, Any]]
ENDED: Noted = (20.0, "ended", {"outcome": "failed", "reason": "silence"})


def entries(*noted: Noted) -> list[RecordedEntry]:
    return [RecordedEntry(place, at_s, kind, body) for place, (at_s, kind, body) in enumerate(noted)]


def said(at_s: float, seconds: float | None = None) -> Noted:
    return at_s, "said", {"text": "press"} | ({} if seconds is None else {"seconds": seconds})


def key(at_s: float | None, figures: dict[str, float | None] | None, kind: str = "key") -> Noted:
    return at_s, kind, {"value": None if at_s is None else "1", "figures": figures}


@pytest.mark.parametrize(
    ("noted", "ends"),
    [
        ([said(0.0, 3.0), said(5.0, 30.0), ENDED], [3.0, 20.0]),
        ([said(0.0), said(5.0), ENDED], [5.0, 20.0]),
        ([said(0.0, 9.0), (2.0, "interrupted", {}), said(5.0, 9.0), (6.0, "interrupted", {}), ENDED], [2.0, 6.0]),
        ([said(0.0, 9.0), (None, "interrupted", {}), said(5.0, 9.0), ENDED], [None, 14.0]),
        ([said(2.0), key(4.0, None)], [4.0]),
    ],
    ids=["heard out", "of unknown length", "stopped", "stopped by a hidden key", "going on"],
)
def test_guidance_ends_when_it_is_over_or_stopped_or_the_next_one_starts(
    noted: list[Noted], ends: list[float | None]
) -> None:
    guidance = timeline_of(entries(*noted)).guidance
    assert [one.end_s for one in guidance] == ends
    assert [one.stop is not None for one in guidance] == [
        noted[place + 1][1] == "interrupted" for place, (_, kind, _) in enumerate(noted) if kind == "said"
    ]


@pytest.mark.parametrize(("seconds", "latest_s"), [(3.0, 3.0), (30.0, 9.0)])
def test_guidance_that_a_hidden_key_stopped_was_silent_when_it_would_have_been_over(
    seconds: float, latest_s: float
) -> None:
    interrupted: Noted = (None, "interrupted", {})
    assert timeline_of(entries(said(0.0, seconds), interrupted, said(9.0), ENDED)).guidance[0].latest_s == latest_s


def test_a_mark_is_where_its_tones_were_and_an_events_is_when_it_came() -> None:
    tone = key(5.12, {"begin_s": 5.0, "duration_ms": 120.0})
    marks = timeline_of(entries(said(0.0), tone, key(6.0, None), key(7.0, None, "missed"), ENDED)).marks
    assert [(mark.start_s, mark.end_s, mark.heard) for mark in marks] == [
        (5.0, pytest.approx(5.12), True),
        (6.0, 6.0, True),
        (7.0, 7.0, False),
    ]


def test_a_key_whose_time_must_not_be_told_has_no_place_on_the_line() -> None:
    hidden: dict[str, float | None] = {"begin_s": None, "duration_ms": None}
    assert timeline_of(entries(said(0.0), key(None, hidden), key(None, None, "missed"), ENDED)).marks == []


@pytest.mark.parametrize(
    ("seconds", "most", "step"),
    [(10, 16, 1), (17, 16, 2), (100, 16, 10), (300, 16, 20), (5000, 16, 120), (300, 53, 10)],
)
def test_a_line_names_as_many_seconds_as_have_room(seconds: int, most: int, step: int) -> None:
    assert ticks(seconds, most) == list(range(0, seconds + 1, step))
