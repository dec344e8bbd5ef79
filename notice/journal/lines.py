"""Reads a line of the journal: one step of one incoming call (dialplan/karipass/notice.conf).

A line is a JSON object that Asterisk wrote of a channel event. The event's own text holds what the dialplan says, as
values of a web form: percent-encoded, so whatever a caller sends is within one value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qs

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from notice.journal.caller import Caller, Presented, caller_of

EVENT: Final = "karipass-notice"
LONGEST_LINE: Final = 16_384
"""No line of ours has a fifth of that: each value is cut in the dialplan."""
_LONGEST_ID: Final = 150
"""Asterisk's own limit of a channel's id (AST_MAX_UNIQUEID)."""
_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_CALLED: Final = re.compile(r"\+?[0-9]{1,20}")


class Step(StrEnum):
    """What happened."""

    CALL = "call"
    """A call came, and its phones are about to be called."""
    FORWARD = "forward"
    """The exchange forwards it to another number."""
    REFUSED = "refused"
    """Another service of the exchange refused it."""
    LEG = "leg"
    """A phone, or the number that it is forwarded to, is about to be called."""
    ANSWERED = "answered"
    LEG_END = "leg-end"
    END = "end"
    """The caller's side is over."""


OPENING: Final = frozenset({Step.CALL, Step.FORWARD, Step.REFUSED})
"""The steps that a call can start with; they say who calls."""


class Service(StrEnum):
    """A service of the exchange that refuses calls."""

    ANONYMOUS = "anonymous"
    """It refuses calls without a caller number."""
    NUISANCE = "nuisance"
    """It refuses calls from numbers that the subscriber has listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A step of a call.

    Attributes:
        step: what happened.
        at: when, by the exchange's clock.
        call: the call's id (LINKEDID), the same for all its channels.
        channel: the id of the channel that it happened on.
        number: the number that was called.
        ring_ms: how long after its first leg began a phone rang, in milliseconds; None: it did not ring, or is unknown.
        ring_known: whether that is known.
        cause: why a leg or the call ended (Q.850); None if it did not, or is unknown.
        answered: whether the exchange's last Dial was answered, in a step `END`.
        service: which service refused it.
        caller: who calls, in a step that says so.
    """

    step: Step
    at: datetime
    call: str
    channel: str
    number: str
    ring_ms: int | None = None
    ring_known: bool = True
    cause: int | None = None
    answered: bool = False
    service: Service | None = None
    caller: Caller | None = field(default=None, repr=False)


class BadLine(ValueError):  # noqa: N818 - reads as what it says
    """A line is not what the dialplan writes. The message says what is wrong, and shows nothing of a caller."""


def read_line(raw: bytes) -> Line | None:
    """Read a line without its line feed.

    Returns:
        The step; None for another event, or an empty line.

    Raises:
        BadLine: it cannot be read.
    """
    if not raw.strip():
        return None
    if len(raw) > LONGEST_LINE:
        raise BadLine(f"it has {len(raw)} bytes; no line has more than {LONGEST_LINE}")
    try:
        event = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise BadLine("it is not JSON: it was cut, or is none of Asterisk's") from None
    if not isinstance(event, dict):
        raise BadLine("it is not a JSON object")
    if event.get("userdeftype") != EVENT:
        return None
    return _step(event, _said(event))


def _said(event: dict[str, Any]) -> dict[str, str]:
    """Return what the dialplan said, by name."""
    extra = event.get("eventextra")
    try:
        told: Any = json.loads(extra) if isinstance(extra, str) else extra
        text = told["extra"]
        fields = parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=32)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadLine("the event has no text of the dialplan's") from None
    return {name: values[0] for name, values in fields.items()}


def _step(event: dict[str, Any], said: dict[str, str]) -> Line:
    try:
        step = Step(said.get("step", ""))
        service = Service(said["service"]) if step is Step.REFUSED else None
    except (ValueError, KeyError):
        raise BadLine(
            "it has a step or a service that is not known: is this program older than the dialplan?"
        ) from None
    ring = said.get("ring", "?")
    return Line(
        step=step,
        at=_moment(event.get("eventtime")),
        call=_id(event.get("linkedid")),
        channel=_id(event.get("uniqueid")),
        number=_called(said.get("number", "")),
        ring_ms=int(ring) if _DIGITS.fullmatch(ring) else None,
        ring_known=not ring or _DIGITS.fullmatch(ring) is not None,
        cause=int(said["cause"]) if _DIGITS.fullmatch(said.get("cause", "")) else None,
        answered=said.get("status") == "ANSWER",
        service=service,
        caller=_caller(said) if step in OPENING else None,
    )


def _caller(said: dict[str, str]) -> Caller:
    presented = Presented(
        number=said.get("num", ""),
        presentation=said.get("pres", ""),
        name=said.get("name", ""),
        sender=said.get("from", ""),
        privacy=said.get("privacy", ""),
    )
    return caller_of(presented)


def _moment(value: object) -> datetime:
    try:
        return datetime.fromtimestamp(float(str(value)), UTC)
    except (ValueError, OverflowError, OSError):
        raise BadLine("it has no moment: its field must be eventtime(double)") from None


def _id(value: object) -> str:
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= _LONGEST_ID
        or not value.isascii()
        or not value.isprintable()
    ):
        raise BadLine("it has no id of a call and a channel")
    return value


def _called(text: str) -> str:
    try:
        return normalise_number(text)
    except InvalidNumber:
        if not _CALLED.fullmatch(text):
            raise BadLine("it does not say which number was called") from None
        return text
