"""A call on one line of time, in seconds: when guidance was heard, and when keys and near misses sounded.

Whatever draws a call starts from here. What a password's key did has no time in the record, and none here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ivr.records.model import RecordedEntry

_TICKS_S: Final = (1, 2, 5, 10, 20, 30, 60)
_WIDEST_TICK_S: Final = 120


@dataclass(frozen=True, slots=True)
class Guidance:
    """A guidance.

    Attributes:
        entry: the entry that tells of it.
        start_s: when it started.
        end_s: when it fell silent; None if a key stopped it whose time must not be told.
        latest_s: when it was silent in any case: it was over, the next one started, or the call ended.
        stop: the entry that tells that a key stopped it; None if it was heard to its end.
    """

    entry: RecordedEntry
    start_s: float
    end_s: float | None
    latest_s: float
    stop: RecordedEntry | None

    @property
    def text(self) -> str:
        """What was said."""
        return str(self.entry.body["text"])


@dataclass(frozen=True, slots=True)
class Mark:
    """A key that was heard, or a near miss, at a time that may be told.

    Attributes:
        entry: the entry that tells of it.
        start_s, end_s: when its tones sounded; for an event, twice when it came.
    """

    entry: RecordedEntry
    start_s: float
    end_s: float

    @property
    def heard(self) -> bool:
        """Whether it counted as a key."""
        return self.entry.kind == "key"


@dataclass(frozen=True, slots=True)
class Timeline:
    """A call on one line of time.

    Attributes:
        last_s: the latest time that is told; 0 if none is.
        guidance: what was said, in order.
        marks: keys and near misses, in the order of the entries.
    """

    last_s: float
    guidance: Sequence[Guidance]
    marks: Sequence[Mark]


def timeline_of(entries: Sequence[RecordedEntry]) -> Timeline:
    """Put a call on its line of time.

    Args:
        entries: all entries of the call, ordered as by `ivr.call.transcript.in_order`.
    """
    last_s = max((entry.at_s for entry in entries if entry.at_s is not None), default=0.0)
    return Timeline(last_s, list(_guidance(entries, last_s)), list(_marks(entries)))


def ticks(seconds: float, most: float) -> list[int]:
    """The seconds that a line of time names: from 0, every 1, 2, 5, 10, 20, 30, 60 or 120.

    Args:
        seconds: how long the line is.
        most: into how many stretches it may be parted at most.
    """
    step = next((step for step in _TICKS_S if seconds / step <= most), _WIDEST_TICK_S)
    return list(range(0, int(seconds) + 1, step))


def _guidance(entries: Sequence[RecordedEntry], last_s: float) -> Iterator[Guidance]:
    for place, entry in enumerate(entries):
        if entry.kind != "said" or entry.at_s is None:
            continue
        stop: RecordedEntry | None = None
        next_s = last_s
        for other in entries[place + 1 :]:
            if other.kind in ("said", "ended") and other.at_s is not None:
                next_s = other.at_s
                break
            if other.kind == "interrupted" and stop is None:
                stop = other
        latest_s = min(entry.at_s + entry.body.get("seconds", next_s), next_s)
        yield Guidance(entry, entry.at_s, latest_s if stop is None else stop.at_s, latest_s, stop)


def _marks(entries: Iterable[RecordedEntry]) -> Iterator[Mark]:
    for entry in entries:
        if entry.kind not in ("key", "missed") or entry.at_s is None:
            continue
        figures = entry.body.get("figures")
        if not figures or figures["begin_s"] is None:
            yield Mark(entry, entry.at_s, entry.at_s)
        else:
            yield Mark(entry, figures["begin_s"], figures["begin_s"] + (figures["duration_ms"] or 0.0) / 1000)
