"""A call on one line of time, in seconds: when guidance was heard, and when keys and near misses sounded.

Whoever draws a call starts from here. A key of the password has no time in the record, and none here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ivr.records.model import RecordedEntry

_TICKS_S: Final = (1, 2, 5, 10, 20, 30, 60)
_WIDEST_TICK_S: Final = 120


@dataclass(frozen=True, slots=True)
class Guidance:
    """One guidance, as the caller heard it.

    Attributes:
        entry: its entry in the record.
        start_s: when it started.
        end_s: when it ended; None if a key stopped it whose time is secret.
        latest_s: the latest time at which it can have ended: its own end, the start of the next one, or the end of
            the call.
        stop: the entry of the key that stopped it; None if it was heard to its end.
    """

    entry: RecordedEntry
    start_s: float
    end_s: float | None
    latest_s: float
    stop: RecordedEntry | None

    @property
    def text(self) -> str:
        """The words that were said."""
        return str(self.entry.body["text"])


@dataclass(frozen=True, slots=True)
class Mark:
    """A key or a near miss whose time is not secret.

    Attributes:
        entry: its entry in the record.
        start_s, end_s: when its tones sounded; for an event, both are the time at which it came.
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
        last_s: the latest time in the record; 0 if there is none.
        guidance: all guidance, in order.
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
    """Return the seconds to write at a line of time: from 0, every 1, 2, 5, 10, 20, 30, 60 or 120.

    Args:
        seconds: how long the line is.
        most: how many stretches the line may have.
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
        latest_s = min(entry.at_s + entry.body.get("seconds", math.inf), next_s)
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
