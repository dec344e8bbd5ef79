"""What a line adds to the audio: tones, hum of the mains, white noise."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Final

import numpy as np

from dsp.line.samples import Places, Samples
from sound.telephone import SAMPLE_RATE_HZ

HUM_HARMONICS: Final = 5
"""Sines of hum that are worth adding; the first is the mains' own."""


def tone(at: Places, hertz: float, phase: float = 0.0) -> Samples:
    """A steady sine of amplitude 1.

    Args:
        at: places of the samples wanted.
        hertz: its frequency.
        phase: in radians, at place 0.
    """
    out: Samples = np.sin(2 * np.pi * hertz * (at / SAMPLE_RATE_HZ) + phase)
    return out


def hum(at: Places, mains_hz: float, phases: Iterable[float] = (0.0,) * HUM_HARMONICS) -> Samples:
    """The hum of the mains: a sine of amplitude 1 and its harmonics, the n-th of amplitude 1/n.

    Args:
        at: places of the samples wanted.
        mains_hz: 50 or 60.
        phases: of each harmonic, in radians, at place 0; there are as many harmonics.
    """
    out: Samples = np.sum([tone(at, mains_hz * n, phase) / n for n, phase in enumerate(phases, start=1)], axis=0)
    return out


def white_noise(count: int, chance: np.random.Generator) -> Samples:
    """White noise of power 1: so many samples, the next that chance gives."""
    return chance.standard_normal(count)


def factor_below(power: float, by_db: float) -> float:
    """What to multiply a sound of power 1 by, so that it lies this far below another power (mean square)."""
    return sqrt(power * 10 ** (-by_db / 10))
