"""Journals for tests: lines as Asterisk 22.10 writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

START = datetime(2026, 4, 1, 9, 5, 32, tzinfo=UTC)
NUMBER, CALLER = "0312345678", "0459876543"
ALLOWED: Mapping[str, str] = {"num": CALLER, "pres": "allowed_not_screened", "name": ""}


def line(
    step: str,
    after_s: float = 0.0,
    *,
    call: str = "1",
    channel: str = "",
    number: str = NUMBER,
    start: datetime = START,
    **said: object,
) -> bytes:
    """Write a line: a step of a call, some seconds after the start; further values are what the dialplan says."""
    at = start.timestamp()
    begun = int(at)
    values = {"step": step, "number": number, **said}
    extra = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in values.items())
    return event(
        eventtime=at + after_s,
        uniqueid=f"karipass-{begun}.{channel or call}",
        linkedid=f"karipass-{begun}.{call}",
        eventextra=json.dumps({"extra": extra}),
    )


def event(**fields: Any) -> bytes:
    told = {"eventtype": "karipass-notice", "userdeftype": "karipass-notice", **fields}
    return json.dumps(told, separators=(",", ":")).encode()


def opening(step: str = "call", after_s: float = 0.0, *, caller: Mapping[str, str] = ALLOWED, **more: Any) -> bytes:
    return line(step, after_s, **{**caller, **more})


def answered_call(*, call: str = "1", rings_s: float = 0.4, for_s: float = 3.5, **more: Any) -> list[bytes]:
    """Write the journal of a call that rings and is answered, up to its end."""
    ring, leg, answer = round(rings_s * 1000), f"{call}1", rings_s + for_s
    return [
        opening(call=call, **more),
        line("leg", 0.0, call=call, channel=leg, **more),
        line("answered", answer, call=call, channel=leg, ring=ring, cause=16, **more),
        line("leg-end", answer + 9, call=call, channel=leg, ring=ring, cause=16, **more),
        line("end", answer + 9, call=call, ring=ring, status="ANSWER", cause=16, **more),
    ]


def missed_call(*, call: str = "1", rings_s: float = 0.4, for_s: float = 12.0, **more: Any) -> list[bytes]:
    """Write the journal of a call that rings until its caller gives up."""
    ring, leg, over = round(rings_s * 1000), f"{call}1", rings_s + for_s
    return [
        opening(call=call, **more),
        line("leg", 0.0, call=call, channel=leg, **more),
        line("leg-end", over, call=call, channel=leg, ring=ring, cause=0, **more),
        line("end", over, call=call, ring=ring, status="CANCEL", cause=127, **more),
    ]
