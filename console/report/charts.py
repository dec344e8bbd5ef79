"""Lays out the report's charts; the template draws them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from typing import Final

from dsp import NTT
from ivr.records import Fate, KeyQuality, Report, Tally

STACK: Final = ("set", "abandoned", "refused", "failed", "error", "lost")
"""The outcomes of calls that have ended, from the bottom of a column to its top."""


class Period(Enum):
    """The period of a report, and the width of its columns."""

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
        """Return the period that a word names; a week for any other word."""
        return next((period for period in cls if period.word == word), cls.WEEK)


@dataclass(frozen=True)
class Column:
    """One column of the chart: a stretch of time.

    Attributes:
        place: the column's number, from 0.
        begin: when the stretch started.
        report: counts the calls that started in it.
    """

    place: int
    begin: datetime
    report: Report

    @cached_property
    def tally(self) -> Tally:
        """The tally of all trunks."""
        return self.report.total

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """The numbers of calls that have ended, by outcome."""
        counts: Counter[str] = Counter()
        for (outcome, _reason), number in self.tally.outcomes.items():
            if outcome != Fate.IN_PROGRESS:
                counts[outcome] += number
        return counts

    @property
    def total(self) -> int:
        """The number of calls that have ended."""
        return sum(self.counts.values())


def columns(report: Callable[[datetime, datetime], Report], period: Period, now: datetime) -> list[Column]:
    """Return the columns of a period.

    Args:
        report: counts the calls that started from one moment on and before another.
        period: the period, which ends now.
        now: the present moment.
    """
    begins = [now - period.span + period.column * place for place in range(round(period.span / period.column))]
    return [Column(place, begin, report(begin, begin + period.column)) for place, begin in enumerate(begins)]


def report_of(columns: Iterable[Column]) -> Report:
    """Return the report of all columns."""
    return Report.of(item for column in columns for item in column.report.by_trunk.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The axis of a figure: its bins, limits and labels.

    Attributes:
        name: the figure's name.
        unit: the unit of its values.
        figure: reads it from a key; returns None if there is none.
        least: the lowest edge.
        step: the width of a bin.
        bins: the number of bins.
        limits: the lowest and the highest accepted value; None if there is no such limit.
        labels: values that are named on the axis, besides the limits.
    """

    name: str
    unit: str
    figure: Callable[[KeyQuality], float | None]
    least: float
    step: float
    bins: int
    limits: tuple[float | None, float | None] = (None, None)
    labels: Sequence[float]

    @property
    def edges(self) -> Sequence[float]:
        """The edges of the bins; there is one more than there are bins."""
        return [self.least + self.step * place for place in range(self.bins + 1)]

    def place(self, value: float) -> float:
        """Return where a value is, from 0 (left) to 1 (right)."""
        return (value - self.least) / (self.step * self.bins)


@dataclass(frozen=True, slots=True)
class Histogram:
    """The distribution of a figure's values.

    Attributes:
        axis: the figure's axis.
        heard, refused: how many keys and how many near misses are in each bin.
    """

    axis: Axis
    heard: Sequence[int]
    refused: Sequence[int]


_AXES: Final = (
    # The middles of the bins are multiples of the steps to which the figures of password keys are rounded.
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
    """Return the histograms of the keys' level, twist and SNR."""
    return [_histogram(axis, keys) for axis in _AXES]


def refused_tests(keys: Sequence[KeyQuality]) -> Mapping[str, int]:
    """Return how many near misses failed each test."""
    return Counter(key.failed for key in keys if key.failed is not None)


def _histogram(axis: Axis, keys: Sequence[KeyQuality]) -> Histogram:
    heard, refused = [0] * axis.bins, [0] * axis.bins
    for key in keys:
        value = axis.figure(key)
        if value is not None:
            place = min(max(int((value - axis.least) // axis.step), 0), axis.bins - 1)
            (heard if key.failed is None else refused)[place] += 1
    return Histogram(axis, heard, refused)
