"""Decides whether a measured burst is a key, or which test it fails. Compiled code, as `burst`."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.detector.burst import TINY, Extent
from dsp.detector.measures import MIN_IN_LINE, Measures, measure
from dsp.detector.records import FAILED_TESTS, LIMITS, PASSED, Flag, Record
from dsp.events import FailedTest
from dsp.kernel.compiled import inner
from dsp.kernel.goertzel import HALF, HOP
from dsp.profiles import Profile
from dsp.tones import FULL_SCALE_DBM0, KEYS, amplitude_of
from sound.telephone import FULL_SCALE, SAMPLE_RATE_HZ

HOP_MS: Final = 1000 * HOP / SAMPLE_RATE_HZ
LEEWAY_DB: Final = 9.0
"""A frame that the tone covers by a third is this much weaker than the tone."""
TWIST_MARGIN_DB: Final = 3.5
"""An echo 10 dB down can raise one tone by 2.4 dB and lower the other by 3.3 dB; no table refuses twist."""
OFFSET_MARGIN: Final = 1.1
MIN_MEASURED: Final = 2
"""With fewer phase advances there are no figures to report."""
MAX_SPLICES: Final = 2
SPLICE_CREDIT_MS: Final = 8.0
"""A jump of the phase shows that a packet of 20 ms was lost, so the tone was longer than what is left of it."""
MIN_PURITY: Final = 0.925
"""A signal-to-noise ratio of 11 dB; white noise 15 dB down leaves a purity of 0.972."""
MAX_JITTER: Final = 0.08
"""Mean square of the phase advances in rad^2; an echo 10 dB down gives 0.02, and so does noise as above."""
MAX_DRIFT_RAD: Final = 0.25
"""White noise 15 dB down gives 0.05 rad (1 sigma) if one tone is 5 dB weaker."""
MAX_RIPPLE: Final = 0.34
"""An echo 10 dB down gives 0.3 at worst."""
ORDINARY_DRIFT_RAD: Final = 0.2
MAX_IDLE: Final = 0.65
"""An interruption and a splice together make half of the hops idle."""
ORDINARY_IDLE: Final = 0.5
MAX_STRANGENESS: Final = 1.8
"""Line disturbances bring a key near one limit or halfway to two; speech that gets this far is near many. Over 24,000
keys with every disturbance of `conformance` the sum stayed below 1.7. Over 38 h of speech that passed the single limits
(doubled) it was above 2.0, mostly above 4; one burst in 46 more hours had between 1.8 and 2."""
WORN_OFFSET_PERCENT: Final = 0.7
WORN_NOISE: Final = 0.045
WORN_DRIFT_RAD: Final = 0.3
MAX_WEAR: Final = 4.0
"""The most that the sum of squares of a worn pair's figures may be, each divided by its limit here or above. Of 1,757
bursts measured in 6.5 h of speech, none had less than 6.7 with a noise of 0.06 and an offset of 1 %."""
MAX_WORN_SPLICES: Final = 3
LONG_WORN: Final = 12
"""Phase advances in line. A glide through a key's frequencies has drifted beyond all limits by the time it has this
many; a coder only lets the phase of a tone wander off and back."""
MAX_WORN_DRIFT_RAD: Final = np.float32(0.5)
SOME_WORN: Final = 7
NEAR_OFFSET: Final = 0.5
"""A share of WORN_OFFSET_PERCENT: a glide does not stay this near to both frequencies for SOME_WORN advances."""
MAX_NEAR_DRIFT_RAD: Final = np.float32(0.4)
MIN_STEPPED: Final = 6
"""Phase advances in line, as a key of 45 ms has them."""
MAX_STEPPED_IDLE: Final = 0.3
UNSPLICED: Final = 4
ADVANCES_A_SPLICE: Final = 3
"""Phase advances in line that a key at several levels needs for each splice beyond the first: coders at 6 to 13 kbit/s
make a splice where the level steps, and leave this many advances in between."""
ROUNDING_HOPS: Final = 1e-3
"""A gap of exactly the length that ends a key ends it, whatever the sums over its hops round to."""
LEAST_NOISE: Final = np.float32(10**-4.5)
"""A signal-to-noise ratio beyond 45 dB would be a rounding error."""
ROUGH_PURITY: Final = np.float32(0.8)
"""The least purity of all clean hops together; it allows for the loss of the fit with tones 2.3 % off."""

OVERDRIVEN_PURITY: Final = np.float32(0.62)
"""The same for a burst that may be overdriven (`overdrive`): an almost square wave has two thirds."""

_ZERO: Final = np.float32(0)
_TO_DBM0: Final = np.float32(FULL_SCALE_DBM0 - 20 * np.log10(FULL_SCALE))
"""What to add to the level of a squared amplitude in sample units."""
_CODES: Final = {test: FAILED_TESTS.index(test) for test in FailedTest}
_DURATION, _LEVEL, _FREQUENCY = _CODES[FailedTest.DURATION], _CODES[FailedTest.LEVEL], _CODES[FailedTest.FREQUENCY]
_TWIST, _PURITY, _STEADINESS = _CODES[FailedTest.TWIST], _CODES[FailedTest.PURITY], _CODES[FailedTest.STEADINESS]
_LIKENESS, _KEY = _CODES[FailedTest.LIKENESS], _CODES[FailedTest.KEY]
ECHO: Final = _CODES[FailedTest.ECHO]
DISTORTED: Final = (_PURITY, _STEADINESS, _LIKENESS)
"""The tests that an overdriven pair fails."""


def limits_of(profile: Profile, *, near_misses: bool) -> NDArray[Any]:
    """Return a profile's limits in the form for compiled code: a record of LIMITS, shape (1,)."""
    least, most = profile.twist_accept_db
    amplitude = amplitude_of(profile.floor_dbm0 - LEEWAY_DB) * FULL_SCALE
    limits = np.zeros(1, LIMITS)
    limits["near_misses"] = near_misses
    limits["min_gap"] = profile.min_gap_ms / HOP_MS - ROUNDING_HOPS
    limits["least_bin"] = 2 * (amplitude * HALF / 2) ** 2
    limits["min_tone_ms"] = profile.min_tone_ms
    limits["floor_dbm0"] = profile.floor_dbm0
    limits["max_offset_percent"] = profile.max_offset_percent
    limits["mid_twist_db"] = (least + most) / 2
    limits["half_twist_db"] = (most - least) / 2
    limits["excluded"] = [key not in profile.keys for key in KEYS]
    return limits


class Figures(NamedTuple):
    """The figures of a burst, as in `events.Burst`."""

    low_dbm0: np.float32
    high_dbm0: np.float32
    snr_db: np.float32
    low_offset_percent: np.float32
    high_offset_percent: np.float32


class Verdict(NamedTuple):
    """The receiver's verdict on a burst.

    Attributes:
        failed: the index of the failed test in FAILED_TESTS, or PASSED.
        measured: whether there are figures. A burst with too few clean hops has none, and is not a near miss.
        figures: the burst's figures.
    """

    failed: int
    measured: Flag
    figures: Figures


@inner
def decibels(ratio: np.float32) -> np.float32:
    """Return a ratio of powers in dB."""
    return np.float32(10) * np.float32(np.log10(ratio))


@inner
def judge(key: int, extent: Extent, limits: Record, stepped: Flag, scratch: Record) -> Verdict:
    """Measure a burst of a key (its index) that was located in the look, and apply the tests.

    Bursts that must fail are measured only if near misses are reported. A burst that is `stepped`, with hops at several
    levels, must be one tone all through, and is reported only if it is.
    """
    clean = scratch["clean"]
    advances, explained, energy = 0, _ZERO, _ZERO
    for t in range(extent.first, extent.last + 1):
        if clean[t]:
            explained += scratch["explained"][t]
            energy += scratch["energy"][t]
            if t > extent.first and clean[t - 1]:
                advances += 1
    impure = explained <= ROUGH_PURITY * energy
    duration_ms = extent.duration * HOP_MS
    if stepped:
        worth = advances >= MIN_STEPPED
    elif limits["near_misses"]:
        worth = advances >= MIN_MEASURED
    else:
        long_enough = duration_ms >= limits["min_tone_ms"] - SPLICE_CREDIT_MS
        worth = bool(advances >= MIN_IN_LINE and long_enough and explained > OVERDRIVEN_PURITY * energy)
    if not worth:
        return Verdict(_DURATION, False, Figures(_ZERO, _ZERO, _ZERO, _ZERO, _ZERO))
    found = measure(key, extent.first, extent.last, scratch)
    low_dbm0 = decibels(max(found.low_power, TINY * TINY)) + _TO_DBM0
    high_dbm0 = decibels(max(found.high_power, TINY * TINY)) + _TO_DBM0
    snr_db = decibels(max(found.purity / max(np.float32(1) - found.purity, LEAST_NOISE), TINY))
    failed = first_failure(key, duration_ms, impure, found, low_dbm0, high_dbm0, stepped, limits)
    figures = Figures(low_dbm0, high_dbm0, snr_db, found.low_offset_percent, found.high_offset_percent)
    return Verdict(failed, True, figures)


@inner
def worn(found: Measures, noise: np.float32, twist: np.float32) -> Flag:
    """Return whether a coder has worn the pair, but left it right on its frequencies.

    A coder moves no frequency and leaves hardly any noise beside the tones, but lets amplitude and phase waver from
    frame to frame. A voice is off frequency, and both impure and unsteady.
    """
    off = max(abs(found.low_offset_percent), abs(found.high_offset_percent)) / WORN_OFFSET_PERCENT
    most_drift = np.float32(MAX_DRIFT_RAD)
    if found.in_line >= LONG_WORN:
        most_drift = MAX_WORN_DRIFT_RAD
    elif found.in_line >= SOME_WORN and off < NEAR_OFFSET:
        most_drift = MAX_NEAR_DRIFT_RAD
    if found.in_line < MIN_IN_LINE or found.splices > MAX_WORN_SPLICES or found.drift > most_drift:
        return False
    wear = (
        off**2
        + twist**2
        + (noise / WORN_NOISE) ** 2
        + (found.jitter / MAX_JITTER) ** 2
        + (found.drift / WORN_DRIFT_RAD) ** 2
        + (found.idle / ORDINARY_IDLE) ** 2
        + (found.ripple / MAX_RIPPLE) ** 2
    )
    return wear < MAX_WEAR


@inner
def breaks(found: Measures) -> Flag:
    """Return whether a burst at several levels is not one tone all through.

    Its phase then jumps too often for its length: what an echo leaves goes on at another phase.
    """
    spliced = found.splices > (found.in_line - UNSPLICED) // ADVANCES_A_SPLICE
    return spliced or found.in_line < MIN_STEPPED or found.idle > MAX_STEPPED_IDLE


@inner
def accepted(key: int, limits: Record) -> int:
    """Return the verdict on a burst that is this key's pair: PASSED, unless the profile excludes the key."""
    return _KEY if limits["excluded"][key] else PASSED


@inner
def first_failure(
    key: int,
    duration_ms: float,
    impure: Flag,
    found: Measures,
    low_dbm0: np.float32,
    high_dbm0: np.float32,
    stepped: Flag,
    limits: Record,
) -> int:
    """Return the first test that fails, or PASSED."""
    credit = SPLICE_CREDIT_MS if found.splices > 0 else 0.0
    offset = max(abs(found.low_offset_percent), abs(found.high_offset_percent)) / limits["max_offset_percent"]
    beyond = abs(high_dbm0 - low_dbm0 - limits["mid_twist_db"]) - limits["half_twist_db"]
    twist = max(beyond, _ZERO) / TWIST_MARGIN_DB
    noise = 1 - found.purity
    if duration_ms + credit < limits["min_tone_ms"]:
        return _DURATION
    if min(low_dbm0, high_dbm0) < limits["floor_dbm0"]:
        return _LEVEL
    if offset > OFFSET_MARGIN:
        return _FREQUENCY
    if twist > 1:
        return _TWIST
    if not impure and worn(found, noise, twist) and not (stepped and breaks(found)):
        return accepted(key, limits)
    if stepped:
        return _STEADINESS
    if impure or noise > 1 - MIN_PURITY:
        return _PURITY
    if (
        found.jitter > MAX_JITTER
        or found.drift > MAX_DRIFT_RAD
        or found.idle > MAX_IDLE
        or found.ripple > MAX_RIPPLE
        or found.in_line < MIN_IN_LINE
        or found.splices > MAX_SPLICES
    ):
        return _STEADINESS
    # each term is 0 for an ideal pair; the offset is squared twice, because offsets up to the accepted limit are
    # ordinary
    strangeness = (
        offset**4
        + twist**2
        + (noise / (1 - MIN_PURITY)) ** 2
        + (found.jitter / MAX_JITTER) ** 2
        + (found.drift / ORDINARY_DRIFT_RAD) ** 2
        + (found.idle / ORDINARY_IDLE) ** 2
        + (found.ripple / MAX_RIPPLE) ** 2
    )
    if strangeness > MAX_STRANGENESS:
        return _LIKENESS
    return accepted(key, limits)
