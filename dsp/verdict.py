"""The decision: a burst that was measured is a key, or which test it fails."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.burst import MIN_IN_LINE, TINY, Extent, Fit, Ints, Measures, clean_hops, measure
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
LOST_MS: Final = 20.0
LEAST_MS: Final = 18.0
"""Of a tone as much must be left, however much is known to be lost."""
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
FAILED_TESTS: Final = tuple(FailedTest)
PASSED: Final = -1


LEAST_NOISE: Final = np.float32(10**-4.5)
"""A signal-to-noise ratio beyond 45 dB would be rounding."""
LEVEL_OF_ONE_DBM0: Final = np.float32(FULL_SCALE_DBM0 - 20 * np.log10(INT16_FULL_SCALE))
ROUGH_PURITY: Final = 0.8
"""Of all clean hops together; the loss of the fit by tones 2.3 % off is in it."""


_SCALE: Final = np.array(
    [1, 1, 1 / (1 - MIN_PURITY), 1 / MAX_JITTER, 1 / ORDINARY_DRIFT_RAD, 1 / ORDINARY_IDLE], np.float32
)[:, None]
_NUMBER: Final = {test: np.int8(number) for number, test in enumerate(FailedTest)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """For each burst (k,): the index of the failed test in `FAILED_TESTS` or PASSED; and the figures (5, k):
    levels of low and high tone in dBm0, signal to noise in dB, offsets of low and high tone in percent.
    What has too few clean hops for figures is no near miss: `measured` is false."""

    failed: NDArray[np.int8]
    figures: Floats
    measured: NDArray[np.bool_]


def judge(
    profile: Profile, keys: NDArray[np.int8], fitted: Fit, extent: Extent, lost: Ints, *, near_misses: bool
) -> Verdict:
    """Measure located bursts and apply the tests of a profile.

    `lost`, (k, 2), are hops before which packets are known to be missing; one that touches a burst is credited to
    its duration. Without `near_misses`, bursts that must fail are not measured: their failed test and figures
    mean nothing.
    """
    good = clean_hops(fitted, extent)
    advances = np.add.reduce(good[1:] & good[:-1], dtype=np.int64)
    rough = np.add.reduce(fitted.explained * good) > ROUGH_PURITY * np.add.reduce(fitted.energy * good)
    hop = lost.T
    touching = (hop >= extent.first - 1) & (hop <= extent.last + 2)
    missing_ms = LOST_MS * np.add.reduce(touching, dtype=np.float32)
    duration_ms = extent.duration * np.float32(HOP_MS)
    duration_ms += np.where(duration_ms < LEAST_MS, 0, missing_ms)
    worth = extent.found & (advances >= MIN_MEASURED)
    if not near_misses:
        worth &= rough & (advances >= MIN_IN_LINE) & (duration_ms + SPLICE_CREDIT_MS >= profile.min_tone_ms)
    failed = np.zeros(len(keys), np.int8)
    figures = np.zeros((5, len(keys)), np.float32)
    at = worth.nonzero()[0]
    if at.size == len(keys):
        measures = measure(keys, fitted, extent.first, extent.last, good)
        failed, figures = _decide(profile, keys, duration_ms, rough, measures)
    elif at.size:
        measures = measure(keys[at], fitted.of(at), extent.first[at], extent.last[at], good[:, at])
        failed[at], figures[:, at] = _decide(profile, keys[at], duration_ms[at], rough[at], measures)
    return Verdict(failed, figures, worth)


def _decide(
    profile: Profile, keys: NDArray[np.int8], duration_ms: Floats, rough: NDArray[np.bool_], measures: Measures
) -> tuple[NDArray[np.int8], Floats]:
    """The failed tests (k,) and the figures (5, k)."""
    figures = np.empty((5, len(keys)), np.float32)
    level = np.log10(np.maximum(measures.amplitude, TINY), out=figures[:2])
    level *= 20
    level += LEVEL_OF_ONE_DBM0
    noise = 1 - measures.purity
    figures[2] = -10 * np.log10(np.maximum(noise, LEAST_NOISE) / np.maximum(measures.purity, TINY))
    figures[3:] = measures.offset_percent
    offset = np.maximum.reduce(np.abs(measures.offset_percent)) / np.float32(profile.max_offset_percent)
    least, most = profile.twist_accept_db
    twist = np.abs(level[1] - level[0] - np.float32((least + most) / 2)) - np.float32((most - least) / 2)
    excess = np.maximum(twist, 0) / np.float32(TWIST_MARGIN_DB)

    # figures against about their limits: 0 for an ideal pair
    against = np.empty((6, len(keys)), np.float32)
    against[0] = np.square(offset)  # squared twice: offsets up to the accepted limit are ordinary
    against[1] = excess
    against[2] = noise
    against[3] = measures.jitter
    against[4] = measures.drift
    against[5] = measures.idle
    against *= _SCALE
    strangeness = np.add.reduce(np.square(against)) + np.square(measures.ripple / MAX_RIPPLE)

    failed = np.full(len(keys), PASSED, np.int8)
    duration_ms = duration_ms + SPLICE_CREDIT_MS * (measures.splices > 0)
    steady = (measures.in_line >= MIN_IN_LINE) & (measures.splices <= MAX_SPLICES)
    steady &= (measures.jitter <= MAX_JITTER) & (measures.drift <= MAX_DRIFT_RAD)
    steady &= (measures.ripple <= MAX_RIPPLE) & (measures.idle <= MAX_IDLE)
    tests = (  # the first test stands last and so overrides
        (FailedTest.KEY, _allowed(profile.keys)[keys]),
        (FailedTest.LIKENESS, strangeness <= MAX_STRANGENESS),
        (FailedTest.STEADINESS, steady),
        (FailedTest.PURITY, rough & (measures.purity >= MIN_PURITY)),
        (FailedTest.TWIST, excess <= 1),
        (FailedTest.FREQUENCY, offset <= OFFSET_MARGIN),
        (FailedTest.LEVEL, np.minimum(level[0], level[1]) >= profile.floor_dbm0),
        (FailedTest.DURATION, duration_ms >= profile.min_tone_ms),
    )
    for test, passes in tests:
        if not passes.all():
            failed[~passes] = _NUMBER[test]
    return failed, figures


@cache
def _allowed(keys: str) -> NDArray[np.bool_]:
    return np.array([key in keys for key in KEYS])
