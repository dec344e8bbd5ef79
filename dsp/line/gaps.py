"""Gaps in the audio: first find which samples do not arrive, then put silence in their place, or remove them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dsp.line.samples import Marks, Places, Samples
from sound.telephone import SAMPLE_RATE_HZ


def recurring(at: Places, *, every_ms: float, length_ms: float) -> Marks:
    """Mark the samples within regular gaps, as a bad contact makes them; the first starts at place 0."""
    marks: Marks = at * 1000 / SAMPLE_RATE_HZ % every_ms < length_ms
    return marks


def stretches(at: Places, begins: Iterable[int], length: int) -> Marks:
    """Mark the samples within gaps that start at these places, each `length` samples long."""
    marks = np.zeros(at.shape, np.bool_)
    for begin in begins:
        marks |= (at >= begin) & (at < begin + length)
    return marks


def silenced(samples: Samples, marks: Marks) -> Samples:
    """Put zeros in place of the marked samples: a contact opened, or silence stands in for a packet."""
    return np.where(marks, 0.0, samples)


def closed_up(samples: Samples, marks: Marks) -> Samples:
    """Remove the marked samples: packets were lost, and those after them follow at once."""
    return samples[~marks]
