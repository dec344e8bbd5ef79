"""Stretches of audio that do not arrive: first which samples they are, then silence in their place, or nothing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dsp.line.samples import Marks, Places, Samples
from sound.telephone import SAMPLE_RATE_HZ


def recurring(at: Places, *, every_ms: float, length_ms: float) -> Marks:
    """The samples within gaps that begin at place 0 and come again and again, as a bad contact makes them."""
    marks: Marks = at * 1000 / SAMPLE_RATE_HZ % every_ms < length_ms
    return marks


def stretches(at: Places, begins: Iterable[int], length: int) -> Marks:
    """The samples within gaps that begin at these places, each of so many samples."""
    marks = np.zeros(at.shape, np.bool_)
    for begin in begins:
        marks |= (at >= begin) & (at < begin + length)
    return marks


def silenced(samples: Samples, marks: Marks) -> Samples:
    """With zeros in the place of the marked samples: a contact that opens, a packet that silence stands in for."""
    return np.where(marks, 0.0, samples)


def closed_up(samples: Samples, marks: Marks) -> Samples:
    """Without the marked samples: what is left when packets are lost and those behind them follow at once."""
    return samples[~marks]
