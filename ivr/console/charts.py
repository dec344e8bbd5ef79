"""Charts of the report: where everything goes; the template draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from dsp import NTT
from ivr.console.findings import KeyQuality
from ivr.records import CallSummary, Fate, Tally

STACK: Final = ("set", "abandoned", "refused", "failed", "error", "lost")
"""Outcomes of calls that are over, from the bottom of a column to its top."""


class Period(Enum):
    """How far back a report goes, and how wide its columns are."""

    DAY = "24h", timedelta(hours=24), timedelta(hours=1)
    WEEK = "7d", timedelta(days=7), timedelta(hours=6)
    MONTH = "30d", timedelta(days=30), timedelta(days=1)
    QUARTER = "90d", timedelta(days=90), timedelta(days=3)

    def __init__(self, word: str, span: timedelta, column: timedelta) -> None:
        self.word = word
        self.span = span
        self.column = column

    @classmethod
    def of(cls, word: str) -> Period:
        """The period of that word; a week for any other."""
        return next((period for period in cls if period.word == word), cls.WEEK)


@dataclass(slots=True)
class Column:
    """A stretch of time.

    Attributes:
        place: which column it is, from 0.
        begin: when it began.
        counts: calls by outcome.
        tally: what can be counted of them.
    """

    place: int
    begin: datetime
    counts: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    @property
    def total(self) -> int:
        """All its calls."""
        return sum(self.counts.values())


def columns(calls: Iterable[CallSummary], period: Period, now: datetime) -> list[Column]:
    """Calls that are over, by the time at which they began."""
    count = round(period.span / period.column)
    first = now - period.span
    made = [Column(place, first + period.column * place) for place in range(count)]
    for call in calls:
        place = int((call.began.began_at - first) / period.column)
        if call.outcome == Fate.IN_PROGRESS or not 0 <= place < count:
            continue
        column = made[place]
        column.counts[call.outcome] = column.counts.get(call.outcome, 0) + 1
        column.tally.add(call)
    return made


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often a figure had which value.

    Attributes:
        name: of the figure.
        unit: of its values.
        edges: where the bins part; one more than there are bins.
        heard, refused: how many in each bin.
        limits: what is accepted: the lowest and the highest value; None where there is no limit.
        labels: values that are named on its axis, besides the limits.
    """

    name: str
    unit: str
    edges: Sequence[float]
    heard: Sequence[int]
    refused: Sequence[int]
    limits: tuple[float | None, float | None]
    labels: Sequence[float]

    def place(self, value: float) -> float:
        """Where a value is, from 0 (left) to 1."""
        return (value - self.edges[0]) / (self.edges[-1] - self.edges[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """How a figure is counted.

    Attributes:
        name, unit, limits, labels: as in `Histogram`.
        figure: reads it; None where there is none.
        least: the lowest edge.
        step: the width of a bin.
        bins: how many.
    """

    name: str
    unit: str
    figure: Callable[[KeyQuality], float | None]
    least: float
    step: float
    bins: int
    limits: tuple[float | None, float | None] = (None, None)
    labels: Sequence[float]


_AXES: Final = (
    # The bins' middles are multiples of the steps to which figures of password keys are rounded.
    Axis(
        name="level",
        unit="dBm0",
        figure=lambda key: key.level_dbm0,
        least=-47.5,
        step=5.0,
        bins=10,
        limits=(NTT.floor_dbm0, None),
        labels=(-30, -20, -10, 0),
    ),
    Axis(
        name="twist",
        unit="dB",
        figure=lambda key: key.twist_db,
        least=-16.5,
        step=3.0,
        bins=10,
        limits=NTT.twist_accept_db,
        labels=(-15, 0, 12),
    ),
    Axis(
        name="snr",
        unit="dB",
        figure=lambda key: key.snr_db,
        least=-2.5,
        step=5.0,
        bins=10,
        labels=(0, 10, 20, 30, 40),
    ),
)


def histograms(keys: Sequence[KeyQuality]) -> list[Histogram]:
    """Level, twist and SNR of keys."""
    return [_histogram(axis, keys) for axis in _AXES]


def refused_tests(keys: Sequence[KeyQuality]) -> dict[str, int]:
    """How many bursts failed which test, the most frequent first."""
    counts: dict[str, int] = {}
    for key in keys:
        if key.failed is not None:
            counts[key.failed] = counts.get(key.failed, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def _histogram(axis: Axis, keys: Sequence[KeyQuality]) -> Histogram:
    heard, refused = [0] * axis.bins, [0] * axis.bins
    for key in keys:
        value = axis.figure(key)
        if value is not None:
            place = min(max(int((value - axis.least) // axis.step), 0), axis.bins - 1)
            (heard if key.failed is None else refused)[place] += 1
    edges = [axis.least + axis.step * place for place in range(axis.bins + 1)]
    return Histogram(axis.name, axis.unit, edges, heard, refused, axis.limits, axis.labels)
