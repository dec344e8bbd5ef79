"""A call, for tests of records: its start, and its changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ivr.records import CallBegan, RecordedEntry
from ivr.records.changes import Progress

BEGAN = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


def call(call_id: str = "c0ffee", *, caller: str = "0312345678", trunk: str = "trunk", after_s: float = 0) -> CallBegan:
    return CallBegan(
        call_id=call_id,
        channel_id=f"channel-{call_id}",
        trunk=trunk,
        began_at=BEGAN + timedelta(seconds=after_s),
        caller=caller,
        language="ja",
    )


SAID = RecordedEntry(0, 0.0, "said", {"text": "押してください"})
STEP = Progress(
    call_id="c0ffee",
    language="en",
    unit="NUMBER",
    target="0312345679",
    step="password",
    wrong_entries=1,
    silences=0,
    keys=12,
    missed=2,
)
SET = replace(STEP, ended_at=BEGAN + timedelta(seconds=40), outcome="set", reason="set")
