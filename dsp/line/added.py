"""Makes what a line adds to the audio: tones, mains hum, white noise."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Final

import numpy as np

from dsp.line.samples import Places, Samples
from sound.telephone import SAMPLE_RATE_HZ

HUM_HARMONICS: Final = 5
"""How many sines of hum are worth adding; the first is the mains frequency itself."""


def tone(at: Places, hertz: float, phase: float = 0.0) -> Samples:
    """Return a steady sine of amplitude 1.

    Args:
        at: places of the wanted samples.
        hertz: its frequency.
        phase: its phase at place 0, in radians.
    """
    out: Samples = np.sin(2 * np.pi * hertz * (at / SAMPLE_RATE_HZ) + phase)
    return out


def hum(at: Places, mains_hz: float, phases: Iterable[float] = (0.0,) * HUM_HARMONICS) -> Samples:
    """Return mains hum: a sine of amplitude 1 and its harmonics, the n-th of amplitude 1/n.

    Args:
        at: places of the wanted samples.
        mains_hz: the mains frequency, 50 or 60.
        phases: the phase of each harmonic at place 0, in radians; there are as many harmonics as phases.
    """
    out: Samples = np.sum([tone(at, mains_hz * n, phase) / n for n, phase in enumerate(phases, start=1)], axis=0)
    return out


def white_noise(count: int, chance: np.random.Generator) -> Samples:
    """Return the next `count` samples of white noise of power 1."""
    return chance.standard_normal(count)


def factor_below(power: float, by_db: float) -> float:
    """Return the factor that brings a sound of power 1 this far below another power (mean square)."""
    return sqrt(power * 10 ** (-by_db / 10))
