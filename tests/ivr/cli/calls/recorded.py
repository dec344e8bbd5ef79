"""What is on record of calls that have ended, and of their keys."""

from __future__ import annotations

from datetime import UTC, datetime

from ivr.records.changes import Progress

FIGURES = {
    "begin_s": 1.0,
    "duration_ms": 52.0,
    "level_dbm0": -12.0,
    "twist_db": -12.1,
    "snr_db": 31.0,
    "low_offset_percent": 0.2,
    "high_offset_percent": -0.1,
}
POOLED = {
    "begin_s": None,
    "duration_ms": None,
    "level_dbm0": -10.0,
    "twist_db": -3.0,
    "snr_db": 30.0,
    "low_offset_percent": 1.0,
    "high_offset_percent": 1.0,
}
ENDED = datetime(2026, 4, 1, 9, 0, 31, tzinfo=UTC)


def progress(call_id: str, outcome: str, reason: str, *, step: str = "confirm", wrong: int = 0) -> Progress:
    return Progress(
        call_id=call_id,
        language="ja",
        unit="NUMBER",
        target="0312345679",
        step=step,
        wrong_entries=wrong,
        silences=0,
        keys=17,
        missed=1,
        ended_at=ENDED,
        outcome=outcome,
        reason=reason,
    )
