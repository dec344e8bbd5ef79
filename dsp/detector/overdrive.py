"""Overdrive: decides whether the sound beside a pair is what an overdriven amplifier makes of it. Compiled code, as
`burst`.

A set that is too loud, or a converter at its limit, clips keys. The two tones remain, but up to a third of the energy
lies beside them, so that they fail the test of purity. That energy lies only at the frequencies m f1 + n f2 with |m| +
|n| odd, folded at half the sampling rate if a converter clips. Its phases follow from those of the tones, because the
wave is cut off where both peak. So one weight for each such product explains it: the products of the third order
explain six tenths of it or more, and together with those of the fifth order eight tenths (computed, 6 to 20 dB). Voices
have harmonics, too, but also even ones, and at phases of their own.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.detector.records import KEPT, Flag, Record
from dsp.detector.verdict import OVERDRIVEN_PURITY, Figures
from dsp.kernel.compiled import inner
from dsp.kernel.goertzel import HOP, Floats, key_frequencies
from dsp.kernel.least_squares import least_squares
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

MOST_LEFT: Final = 0.08
"""The share of the energy that the products may leave unexplained; 20 dB of overdrive leave 0.05 to higher orders."""
MOST_UNEXPLAINED: Final = 0.35
"""The same relative to the energy beside the pair; 20 dB of overdrive leave a fifth of that."""
MOST_BEYOND_THIRD: Final = 0.45
"""The same for the products of the third order alone; 20 dB of overdrive leave 0.36 and up to 0.39."""
EDGE_HOPS: Final = 0.5
"""The start and end of a burst are known to within less than this."""
LEAST_HOPS: Final = 6
MOST_HOPS: Final = 12
"""The length that is looked at: 30 ms tell products 33 Hz apart from each other; more than 60 ms only cost time."""

_HERTZ: Final = key_frequencies().astype(np.float64)
_THIRD: Final = ((3, 0), (0, 3), (2, 1), (2, -1), (1, 2), (-1, 2))
_FIFTH: Final = ((5, 0), (0, 5), (4, 1), (4, -1), (1, 4), (-1, 4), (3, 2), (3, -2), (2, 3), (-2, 3))
_PRODUCTS: Final = np.array(_THIRD + _FIFTH)
_THIRDS: Final = len(_THIRD)
_PAIR: Final = 4
_STEPS: Final = 2


@inner
def overdriven(channel: Record, begin: float, end: float, figures: Figures) -> Flag:
    """Return whether a burst is the lane's key, overdriven.

    Args:
        channel: the lane's channel.
        begin, end: hops at which the burst starts, and ends or has reached so far.
        figures: the burst's figures, as far as they could be measured.
    """
    oldest = (channel["clock"] + 1 - KEPT) * FRAME_SAMPLES
    stop = min(int((end - EDGE_HOPS) * HOP), oldest + KEPT * FRAME_SAMPLES)
    start = max(int(np.ceil((begin + EDGE_HOPS) * HOP)), oldest, stop - MOST_HOPS * HOP)
    if stop - start < LEAST_HOPS * HOP:
        return False
    samples = np.empty(stop - start, np.float32)
    for n in range(stop - start):
        samples[n] = channel["samples"][(start + n) // FRAME_SAMPLES % KEPT, (start + n) % FRAME_SAMPLES]
    key = channel["key"]
    low = _HERTZ[key, 0] * (1 + np.float64(figures.low_offset_percent) / 100)
    high = _HERTZ[key, 1] * (1 + np.float64(figures.high_offset_percent) / 100)
    return _is_product(samples, low, high)


@inner
def _is_product(samples: Floats, low: float, high: float) -> Flag:
    count = len(samples)
    at = (np.arange(count) - (count - 1) / 2) / SAMPLE_RATE_HZ
    turns = np.array([2 * np.pi * low, 2 * np.pi * high])
    columns = np.empty((_PAIR + len(_PRODUCTS), count), np.float32)
    weights = np.empty(len(columns), np.float32)
    for _ in range(_STEPS):
        for tone in range(2):
            cosine, sine = np.cos(turns[tone] * at), np.sin(turns[tone] * at)
            columns[2 * tone], columns[2 * tone + 1] = cosine, sine
            columns[_PAIR + 2 * tone] = at * SAMPLE_RATE_HZ * cosine
            columns[_PAIR + 2 * tone + 1] = at * SAMPLE_RATE_HZ * sine
        least_squares(columns[: 2 * _PAIR], samples, weights[: 2 * _PAIR])
        for tone in range(2):
            real, imaginary = weights[2 * tone], weights[2 * tone + 1]
            slope = weights[_PAIR + 2 * tone] * imaginary - weights[_PAIR + 2 * tone + 1] * real
            turns[tone] += slope * SAMPLE_RATE_HZ / max(real**2 + imaginary**2, np.float32(1e-6))
    angles = np.empty((2, count))
    for tone in range(2):
        columns[2 * tone], columns[2 * tone + 1] = np.cos(turns[tone] * at), np.sin(turns[tone] * at)
    beside = least_squares(columns[:_PAIR], samples, weights[:_PAIR])
    if beside > 1 - OVERDRIVEN_PURITY:
        return False
    for tone in range(2):
        angles[tone] = turns[tone] * at - np.arctan2(weights[2 * tone + 1], weights[2 * tone])
    for product in range(len(_PRODUCTS)):
        columns[_PAIR + product] = np.cos(_PRODUCTS[product, 0] * angles[0] + _PRODUCTS[product, 1] * angles[1])
    thirds = _PAIR + _THIRDS
    if least_squares(columns[:thirds], samples, weights[:thirds]) > MOST_BEYOND_THIRD * beside:
        return False
    left = least_squares(columns, samples, weights)
    cut_off = np.sum(weights[_PAIR:thirds]) < 0
    return bool(cut_off) and left < np.float32(MOST_LEFT) and left < np.float32(MOST_UNEXPLAINED) * beside
