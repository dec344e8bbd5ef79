"""Lays out one call as a drawing: where everything goes, in pixels. The template draws it.

Keys of a password have no time in the record, and are recorded only after their entry was refused or the call ended.
They are drawn side by side in a band that reaches back to the last judged entry: it shows how many there were, but not
when.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ivr.records import CallRecord, RecordedEntry
from ivr.records.timeline import Timeline, ticks, timeline_of

WIDTH: Final = 980.0
"""The least width of the drawing, in pixels."""
_LEAST_PX_PER_S: Final = 10.0
_MARGIN: Final = 14.0
_LABEL_PX: Final = 12.0
"""Room that a key's label takes."""
_LEAST_BAR_PX: Final = 3.0
_LEAST_TICK_PX: Final = 56.0


class Lane(Enum):
    """A row of the drawing; its value is its middle, in pixels from the top."""

    STEPS = 22
    GUIDANCE = 62
    KEYS = 106
    MISSES = 150
    ENTRIES = 190
    SILENCE = 224


HEIGHT: Final = 262
AXIS: Final = 246


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasts.

    Attributes:
        x, width: where it is, in pixels.
        label: its text, cut if there is no room; a hint shows all of it.
        kind: how it is drawn.
        position: the row of its entry in the table; None if it has none.
    """

    x: float
    width: float
    label: str
    kind: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """The place of a key, a near miss, or a judged entry in the drawing.

    Attributes:
        x: when it was, in pixels; in a hidden band it shows only the order.
        width: how long the tone lasted, in pixels; 0 if that is not recorded.
        label_x: where its label has room, in pixels.
        entry: the recorded entry that it stands for.
    """

    x: float
    width: float
    label_x: float
    entry: RecordedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A call's timeline, laid out in pixels.

    Attributes:
        width: the width of the whole drawing.
        ticks: the time axis: pixels and seconds of each tick.
        steps, guidance, hidden, silence: the bars of each row.
        keys, misses, entries: the points of each row.
        end_x: where the call ended; None if it goes on.
    """

    width: float
    ticks: Sequence[tuple[float, int]]
    steps: Sequence[Bar]
    guidance: Sequence[Bar]
    hidden: Sequence[Bar]
    silence: Sequence[Bar]
    keys: Sequence[Point]
    misses: Sequence[Point]
    entries: Sequence[Point]
    end_x: float | None


def draw(record: CallRecord) -> Drawing:
    """Return the drawing of a call."""
    timeline = timeline_of(record.entries)
    scale = _Scale(max(timeline.last_s, record.summary.seconds or 0.0, 1.0))
    placed = list(_placed(record.entries, scale))
    ended = next((x for entry, x in placed if entry.kind == "ended"), None)
    return Drawing(
        width=scale.width,
        ticks=scale.ticks(),
        steps=list(_steps(record, placed, scale)),
        guidance=list(_guidance(timeline, placed, scale)),
        hidden=list(_hidden(record.entries, scale)),
        silence=list(_silence(placed)),
        keys=_points(timeline, placed, "key", scale),
        misses=_points(timeline, placed, "missed", scale),
        entries=_points(timeline, placed, "judged", scale),
        end_x=ended,
    )


class _Scale:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._per_s = max((WIDTH - 2 * _MARGIN) / seconds, _LEAST_PX_PER_S)
        self.width = round(seconds * self._per_s + 2 * _MARGIN, 1)

    def x(self, at_s: float) -> float:
        return round(_MARGIN + at_s * self._per_s, 1)

    def length(self, seconds: float) -> float:
        return round(seconds * self._per_s, 1)

    def ticks(self) -> list[tuple[float, int]]:
        return [(self.x(at), at) for at in ticks(self.seconds, self.seconds * self._per_s / _LEAST_TICK_PX)]


Placed = tuple[RecordedEntry, float]


def _groups(entries: Sequence[RecordedEntry]) -> Iterator[tuple[float, list[RecordedEntry], float]]:
    """Yield each run of entries without a time, with the times before and after it."""
    before = judged = 0.0
    run: list[RecordedEntry] = []
    for entry in entries:
        if entry.at_s is None:
            run.append(entry)
            continue
        if run:
            hides = any(_is_dot(one) for one in run)
            yield judged if hides else before, run, entry.at_s
            judged = entry.at_s if hides else judged
            run = []
        before = entry.at_s
        if entry.kind == "judged":
            judged = entry.at_s
    if run:
        yield before, run, before


def _is_dot(entry: RecordedEntry) -> bool:
    return entry.kind in ("key", "missed")


def _placed(entries: Sequence[RecordedEntry], scale: _Scale) -> Iterator[Placed]:
    """Yield each entry with its place. Entries without a time share the room between their neighbours evenly."""
    untimed: dict[int, float] = {}
    for before, run, after in _groups(entries):
        left, right = scale.x(before), scale.x(after)
        dots = [entry for entry in run if _is_dot(entry)]
        gap = min(_LABEL_PX, (right - left) / (len(dots) + 1))
        first = (left + right - gap * (len(dots) - 1)) / 2
        untimed |= {entry.position: round(first + gap * place, 1) for place, entry in enumerate(dots)}
        at = right
        for entry in reversed(run):  # an entry that is not a key stands with the key after it, or at the next time
            at = untimed.setdefault(entry.position, at)
    for entry in entries:
        yield entry, untimed[entry.position] if entry.at_s is None else scale.x(entry.at_s)


def _hidden(entries: Sequence[RecordedEntry], scale: _Scale) -> Iterator[Bar]:
    for before, run, after in _groups(entries):
        dots = sum(_is_dot(entry) for entry in run)
        if dots:
            yield Bar(scale.x(before), round(scale.x(after) - scale.x(before), 1), str(dots), "hidden")


def _steps(record: CallRecord, placed: Sequence[Placed], scale: _Scale) -> Iterator[Bar]:
    """Yield a bar for each step, from one accepted entry to the next."""
    begin = scale.x(0)
    for entry, x in placed:
        if entry.kind == "judged" and entry.body["verdict"] == "accepted":
            yield Bar(begin, max(x - begin, 0), entry.body["step"], "step")
            begin = x
    end = placed[-1][1] if placed else begin
    if end > begin:
        last = "done" if record.summary.outcome == "set" else record.summary.step
        yield Bar(begin, round(end - begin, 1), last, "step")


def _guidance(timeline: Timeline, placed: Sequence[Placed], scale: _Scale) -> Iterator[Bar]:
    """Yield a bar for each guidance until it fell silent, or until the first of the hidden keys that stopped it."""
    places = {entry.position: x for entry, x in placed}
    for guidance in timeline.guidance:
        end = scale.x(guidance.latest_s if guidance.end_s is None else guidance.end_s)
        if guidance.end_s is None and guidance.stop is not None:
            end = min(places[guidance.stop.position], end)
        x, kind = scale.x(guidance.start_s), "heard" if guidance.stop is None else "stopped"
        yield Bar(x, round(max(end - x, _LEAST_BAR_PX), 1), guidance.text, kind, guidance.entry.position)


def _silence(placed: Sequence[Placed]) -> Iterator[Bar]:
    """Yield a bar for each silence, from the last key or guidance to the moment when the wait was given up."""
    since = 0.0
    for entry, x in placed:
        if entry.kind == "judged" and entry.body["verdict"] == "silent":
            yield Bar(since, round(max(x - since, _LEAST_BAR_PX), 1), "", "silence", entry.position)
        elif entry.kind in ("key", "missed", "said"):
            since = x


def _points(timeline: Timeline, placed: Sequence[Placed], kind: str, scale: _Scale) -> list[Point]:
    timed = {mark.entry.position: mark for mark in timeline.marks}
    points: list[Point] = []
    for entry, x in placed:
        if entry.kind != kind:
            continue
        at, width = x, 0.0
        if (mark := timed.get(entry.position)) is not None:
            at, width = scale.x(mark.start_s), scale.length(mark.end_s - mark.start_s)
        room = points[-1].label_x + _LABEL_PX if points else at
        points.append(Point(at, width, round(max(at, room), 1), entry))
    return points
