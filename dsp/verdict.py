"""The decision: a burst that was measured is a key, or which test it fails."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.burst import MIN_IN_LINE, TINY, Bools, Doubles, Extent, Fit, Measures, measure
from dsp.events import FailedTest
from dsp.goertzel import HOP, RATE, Floats
from dsp.profiles import Profile
from dsp.tones import FULL_SCALE_DBM0, INT16_FULL_SCALE, KEYS

HOP_MS: Final = 1000 * HOP / RATE
TWIST_MARGIN_DB: Final = 3.5
"""An echo 10 dB down can raise one tone by 2.4 dB and lower the other by 3.3 dB; no table refuses twist."""
OFFSET_MARGIN: Final = 1.1
MIN_MEASURED: Final = 2
"""With fewer there are no figures to tell."""
MAX_SPLICES: Final = 2
SPLICE_CREDIT_MS: Final = 8.0
"""A jump of the phase tells that a packet of 20 ms was lost, so that the tone was longer than what is left."""
MIN_PURITY: Final = 0.925
"""11 dB of signal to noise; white noise 15 dB down leaves 0.972."""
MAX_JITTER: Final = 0.08
"""Mean square of phase advances in rad^2; an echo 10 dB down gives 0.02, noise as above 0.02."""
MAX_DRIFT_RAD: Final = 0.25
"""White noise 15 dB down under a tone that is 5 dB the weaker gives 0.05 rad (1 sigma)."""
MAX_RIPPLE: Final = 0.34
"""An echo 10 dB down gives 0.3 at worst."""
ORDINARY_DRIFT_RAD: Final = 0.2
MAX_IDLE: Final = 0.65
"""An interruption and a splice together idle half of the hops."""
ORDINARY_IDLE: Final = 0.5
MAX_STRANGENESS: Final = 2.0
"""Line disturbances bring a key near one limit or half near two; speech that gets this far is near to many.
Over 24,000 keys with every disturbance of `conformance` the sum stayed below 1.7, over 38 h of speech that passed
the single limits (doubled) it was above 2.0, mostly above 4."""
ROUNDING_HOPS: Final = 1e-3
"""A gap of just the length that ends a key ends it, whatever the sums over its hops round to."""
FAILED_TESTS: Final = tuple(FailedTest)
PASSED: Final = -1

LEAST_NOISE: Final = np.float32(10**-4.5)
"""A signal-to-noise ratio beyond 45 dB would be rounding."""
ROUGH_PURITY: Final = np.float32(0.8)
"""Of all clean hops together; the loss of the fit by tones 2.3 % off is in it."""

_TO_DBM0: Final = np.array([[FULL_SCALE_DBM0 - 20 * np.log10(INT16_FULL_SCALE)]] * 2 + [[0]], np.float32)
"""To add to levels of two squared amplitudes in sample units; the third level is a ratio already."""
_LEAST: Final = np.array([[TINY * TINY]] * 2 + [[TINY]], np.float32)
"""Less has no level."""

_SQUARED: Final = slice(2, 10)
"""Rows of the table of tests whose figures make up the strangeness: 0 in each for an ideal pair."""
_SCALE: Final = np.array(
    [1, 1, 0, 1 / (1 - MIN_PURITY), 1 / MAX_JITTER, 1 / ORDINARY_DRIFT_RAD, 1 / ORDINARY_IDLE, 1 / MAX_RIPPLE],
    np.float32,
)[:, None]


class Verdict(NamedTuple):
    """For each burst (k,): the index of the failed test in `FAILED_TESTS` or PASSED; and the figures (5, k):
    levels of low and high tone in dBm0, signal to noise in dB, offsets of low and high tone in percent.
    What has too few clean hops for figures is no near miss: `measured` is false."""

    failed: NDArray[np.int8]
    figures: Floats
    measured: Bools


class Judge:
    """Applies the tests of a profile to located bursts.

    Args:
        profile: what to accept.
        near_misses: measure bursts that must fail, too; otherwise their failed test and figures mean nothing.

    Attributes:
        near_misses: as above.
        min_gap: hops of silence that end a burst.
    """

    def __init__(self, profile: Profile, *, near_misses: bool) -> None:
        self.near_misses = near_misses
        self.min_gap = profile.min_gap_ms / HOP_MS - ROUNDING_HOPS
        self._min_tone_ms = profile.min_tone_ms
        self._max_offset = np.float32(profile.max_offset_percent)
        least, most = profile.twist_accept_db
        self._mid_twist = np.float32((least + most) / 2)
        self._half_twist = np.float32((most - least) / 2)
        self._excluded = np.array([key not in profile.keys for key in KEYS])
        # figures must be at most these; the first test that fails is told
        tests = (
            (FailedTest.DURATION, -profile.min_tone_ms),
            (FailedTest.LEVEL, -profile.floor_dbm0),
            (FailedTest.FREQUENCY, OFFSET_MARGIN),
            (FailedTest.TWIST, 1),
            (FailedTest.PURITY, 0),
            (FailedTest.PURITY, 1 - MIN_PURITY),
            (FailedTest.STEADINESS, MAX_JITTER),
            (FailedTest.STEADINESS, MAX_DRIFT_RAD),
            (FailedTest.STEADINESS, MAX_IDLE),
            (FailedTest.STEADINESS, MAX_RIPPLE),
            (FailedTest.STEADINESS, -MIN_IN_LINE),
            (FailedTest.STEADINESS, MAX_SPLICES),
            (FailedTest.LIKENESS, MAX_STRANGENESS),
            (FailedTest.KEY, 0),
        )
        self._most = np.array([most for _, most in tests], np.float32)[:, None]
        self._codes = np.array([*(FAILED_TESTS.index(test) for test, _ in tests), PASSED], np.int8)

    def judge(self, keys: NDArray[np.int8], fitted: Fit, extent: Extent) -> Verdict:
        """Measure bursts and apply the tests."""
        clean = extent.clean
        both = clean[1:] & clean[:-1]
        advances = np.add.reduce(both, dtype=np.int8)
        explained, energy = np.add.reduce(fitted.energies * clean, axis=1)
        impure = explained <= ROUGH_PURITY * energy
        duration_ms = extent.duration * HOP_MS
        worth = advances >= (MIN_MEASURED if self.near_misses else MIN_IN_LINE)
        if not self.near_misses:
            worth &= ~impure
            worth &= duration_ms >= self._min_tone_ms - SPLICE_CREDIT_MS
        at = worth.nonzero()[0]
        if at.size == len(keys):
            measures = measure(keys, fitted, extent.first, extent.last, both)
            return Verdict(*self._decide(keys, duration_ms, impure, measures), worth)
        failed = np.zeros(len(keys), np.int8)
        figures = np.zeros((5, len(keys)), np.float32)
        if at.size:
            measures = measure(keys[at], fitted.of(at), extent.first[at], extent.last[at], both.take(at, axis=1))
            failed[at], figures[:, at] = self._decide(keys[at], duration_ms[at], impure[at], measures)
        return Verdict(failed, figures, worth)

    def _decide(
        self, keys: NDArray[np.int8], duration_ms: Doubles, impure: Bools, measures: Measures
    ) -> tuple[NDArray[np.int8], Floats]:
        """The failed tests (k,) and the figures (5, k)."""
        noise = 1 - measures.purity
        figures = np.empty((5, len(keys)), np.float32)
        figures[:2] = measures.power
        np.divide(measures.purity, np.maximum(noise, LEAST_NOISE), out=figures[2])
        figures[3:] = measures.offset_percent
        levels = figures[:3]
        np.maximum(levels, _LEAST, out=levels)
        np.log10(levels, out=levels)
        levels *= 10
        levels += _TO_DBM0

        table = np.empty((len(self._most), len(keys)), np.float32)
        np.multiply(measures.splices > 0, -SPLICE_CREDIT_MS, out=table[0])
        table[0] -= duration_ms
        np.maximum.reduce(-levels[:2], out=table[1])
        np.maximum.reduce(np.abs(measures.offset_percent), out=table[2])
        table[2] /= self._max_offset
        twist = np.abs(levels[1] - levels[0] - self._mid_twist)
        twist -= self._half_twist
        np.maximum(twist, 0, out=table[3])
        table[3] /= np.float32(TWIST_MARGIN_DB)
        table[4] = impure
        table[5] = noise
        table[6] = measures.jitter
        table[7] = measures.drift
        table[8] = measures.idle
        table[9] = measures.ripple
        np.negative(measures.in_line, out=table[10])
        table[11] = measures.splices
        against = table[_SQUARED] * _SCALE
        against[0] *= against[0]  # squared twice: offsets up to the accepted limit are ordinary
        np.add.reduce(np.square(against, out=against), out=table[12])
        table[13] = self._excluded.take(keys)
        passes = np.zeros((len(table) + 1, len(keys)), np.bool_)
        np.less_equal(table, self._most, out=passes[:-1])
        failed = self._codes.take(passes.argmin(axis=0))
        return failed, figures
