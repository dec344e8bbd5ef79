"""Calls that begin, for records of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ivr.records import CallBegan

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
