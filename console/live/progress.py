"""A call in progress as a card: its step, and what was said and heard last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from console.call.explanations import explain_miss
from console.live.view import LiveCall
from credentials.model import Unit
from ivr.records import CallSummary, RecordedEntry
from texts.catalogue import Texts

_STEPS: Final = ("unit", "number", "password", "confirm", "done")


class Stage(StrEnum):
    """Whether a step is past, now or to come."""

    PAST = "past"
    NOW = "now"
    TO_COME = "to-come"


@dataclass(frozen=True, slots=True)
class Card:
    """The contents of a card.

    Attributes:
        call: the call.
        steps: the call's steps, and the stage of each.
        said: the guidance that was last played; None if none was.
        trouble: why the last near miss was not counted, or that the last entry was wrong; None if a key followed.
    """

    call: CallSummary
    steps: Sequence[tuple[str, Stage]]
    said: str | None
    trouble: str | None


def card(live: LiveCall, texts: Texts) -> Card:
    """Return the card of a call in progress."""
    said = live.last.get("said")
    return Card(live.call, _stages(live.call), said.body["text"] if said else None, _trouble(live, texts))


def _stages(call: CallSummary) -> list[tuple[str, Stage]]:
    without_number = call.unit == Unit.LINE.value
    steps = [step for step in _STEPS if not (step == "number" and without_number)]
    at = steps.index(call.step) if call.step in steps else -1
    return [
        (step, Stage.PAST if place < at else Stage.NOW if place == at else Stage.TO_COME)
        for place, step in enumerate(steps)
    ]


def _trouble(live: LiveCall, texts: Texts) -> str | None:
    """Return the last thing that went wrong, unless a key was heard since."""
    heard, missed, judged = (live.last.get(kind) for kind in ("key", "missed", "judged"))
    if missed is not None and not _before(missed, heard):
        return explain_miss(missed.body, texts)
    if judged is not None and judged.body["verdict"] != "accepted" and not _before(judged, heard):
        return texts(f"verdict.{judged.body['verdict']}_in", step=texts.word("step", judged.body["step"]))
    return None


def _before(entry: RecordedEntry, key: RecordedEntry | None) -> bool:
    """Return whether an entry is older than a key. The key that caused it has the same time, but is noted later."""
    if key is None:
        return False
    if entry.at_s is None or key.at_s is None:
        return entry.position < key.position
    return entry.at_s < key.at_s
