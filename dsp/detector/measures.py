"""Measuring: level, frequency, purity and steadiness of a burst that was located. Compiled code, as `burst`.

The frequency is that of the most common phase advance between neighbouring hops. A lost packet makes the phase
jump: one advance is out of line, or two around a hop that the jump falls into. Such hops are left out of all
figures and counted as a splice.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dsp.detector.burst import TINY
from dsp.detector.records import LONGEST, Record
from dsp.kernel.compiled import inner
from dsp.kernel.goertzel import HOP, Floats, hop_rotation, key_frequencies
from sound.telephone import SAMPLE_RATE_HZ

PHASE_TOLERANCE: Final = np.float32(0.5)
"""Phase advances within as many rad of the burst's own are in line. An echo 10 dB down turns a phase by 0.32 rad
once, noise 15 dB down that of the weaker tone by 0.12 rad (1 sigma)."""
MIN_IN_LINE: Final = 3
"""Phase advances that agree: fewer prove no frequency."""
MANY: Final = 5
"""With as many phase advances in line, the two largest steps are left out of the frequency."""
FAR: Final = np.float32(np.inf)
"""No limit."""

_ZERO: Final = np.float32(0)
_ONE: Final = np.float32(1)
_ROTATION: Final = hop_rotation()
_PERCENT: Final = np.float32(100 * SAMPLE_RATE_HZ / (2 * np.pi * HOP)) / key_frequencies()
"""Offset in percent of a tone whose phase advances by 1 rad a hop more than it should, (16, 2)."""
_ARCTANGENT: Final = np.array(
    [0.0028662257, -0.0161657367, 0.0429096138, -0.07528964, 0.1065626393, -0.1420889944, 0.1999355085, -0.3333314528],
    np.float32,
)
"""Of x^17 to x^3 in arctan x, |x| <= 1 (Abramowitz and Stegun, Handbook of Mathematical Functions, 4.4.49)."""


def _legendre_table(longest: int) -> Floats:
    """Row n: what each phase advance of a burst of n hops, the one into hop t in column t, adds to `drift`.

    An advance is in the phase of all later hops, so that this is the sum from each hop to the last of the second
    Legendre polynomial over n hops, free of a mean and by its own energy.
    """
    table = np.zeros((longest + 1, longest), np.float32)
    for hops in range(3, longest + 1):
        place = np.linspace(-1, 1, hops)
        shape = 1.5 * place * place - 0.5
        shape -= shape.mean()
        table[hops, :hops] = shape[::-1].cumsum()[::-1] / (shape @ shape)
    return table


_LEGENDRE: Final = _legendre_table(LONGEST)


class Measures(NamedTuple):
    """Figures of a burst.

    Attributes:
        low_power, high_power: squared peak amplitudes in sample units.
        low_offset_percent, high_offset_percent: measured frequencies against nominal.
        purity: share of the pair in all energy but the nuisances'.
        in_line: how many phase advances are in line.
        jitter: mean square of these about their mean, rad^2, the worse of the tones.
        splices: how often the phase jumped.
        drift: how far the phase bends away from that of a steady frequency, in rad, the worse of the tones: the
            coefficient of the second Legendre polynomial over the burst. A tone that glides by a Hz/s over T s
            has pi/6 a T^2.
        ripple: spread of the amplitude over the hops against its mean, the worse of the tones.
        idle: share of the hops between first and last that show no steady tone.
    """

    low_power: np.float32
    high_power: np.float32
    low_offset_percent: np.float32
    high_offset_percent: np.float32
    purity: np.float32
    in_line: int
    jitter: np.float32
    splices: int
    drift: np.float32
    ripple: np.float32
    idle: np.float32


@inner
def amplitude(tone: int, t: int, scratch: Record) -> np.complex64:
    """Of the low (0) or the high tone (1) in a hop."""
    return np.complex64(complex(scratch["re"][tone, t], scratch["im"][tone, t]))


@inner
def power(value: np.complex64) -> np.float32:
    """The square of a tone's amplitude, twice its mean power."""
    return value.real * value.real + value.imag * value.imag


@inner
def angle(value: np.complex64) -> np.float32:
    """Of a complex number, in rad. Small angles, as most are, by a polynomial that is wrong by 1e-7 rad at most."""
    if abs(value.imag) < value.real:
        tangent = value.imag / value.real
        square = tangent * tangent
        series = _ZERO
        for coefficient in _ARCTANGENT:
            series = series * square + coefficient
        return tangent + tangent * square * series
    return np.float32(np.arctan2(value.imag, value.real))


@inner
def phase_advance(tone: int, t: int, scratch: Record) -> np.complex64:
    """Of a tone into the next hop: z[t + 1] times the conjugate of z[t]."""
    return np.complex64(amplitude(tone, t + 1, scratch) * np.conj(amplitude(tone, t, scratch)))


@inner
def compare(tone: int, first: int, last: int, scratch: Record) -> np.complex64:
    """The most common phase advance of a tone; works out the `residuals` of those that are `in_line` against it."""
    residuals, in_line = scratch["residuals"], scratch["in_line"]
    common = np.complex64(0)
    for t in range(first, last):
        if in_line[t]:
            common += phase_advance(tone, t, scratch)
    for t in range(first, last):
        residuals[tone, t] = _ZERO
        if in_line[t]:
            residuals[tone, t] = angle(phase_advance(tone, t, scratch) * np.conj(common))
    return common


@inner
def centres(first: int, last: int, within: np.float32, scratch: Record) -> tuple[int, np.float32, np.float32]:
    """How many advances are `in_line` and within so many rad, and the means of these of either tone."""
    residuals, in_line = scratch["residuals"], scratch["in_line"]
    count, low, high = 0, _ZERO, _ZERO
    for t in range(first, last):
        if in_line[t] and max(abs(residuals[0, t]), abs(residuals[1, t])) < within:
            count += 1
            low += residuals[0, t]
            high += residuals[1, t]
    some = np.float32(max(count, 1))
    return count, low / some, high / some


class Phases(NamedTuple):
    """What the phase advances tell: how far each tone turns in a hop beyond its nominal frequency, in rad; the rest
    as in `Measures`."""

    low_turn: np.float32
    high_turn: np.float32
    in_line: int
    jitter: np.float32
    splices: int
    drift: np.float32


@inner
def phases(key: int, first: int, last: int, scratch: Record) -> Phases:
    """Judge the phase advances; works out which of them are `in_line`."""
    clean, in_line = scratch["clean"], scratch["in_line"]
    low, high = scratch["residuals"][0], scratch["residuals"][1]
    for t in range(first, last):
        in_line[t] = clean[t] != 0 and clean[t + 1] != 0
    low_common = compare(0, first, last, scratch)
    high_common = compare(1, first, last, scratch)
    _, low_centre, high_centre = centres(first, last, PHASE_TOLERANCE, scratch)
    for t in range(first, last):
        low[t] -= low_centre
        high[t] -= high_centre
        in_line[t] = in_line[t] != 0 and max(abs(low[t]), abs(high[t])) < PHASE_TOLERANCE
    count, low_mean, high_mean = centres(first, last, FAR, scratch)

    low_square = high_square = step_before = _ZERO
    # a large step may be a splice of small angle, over two advances, or an echo's begin: a glide has none
    largest, most = first, -_ONE
    runs = 0
    for t in range(first, last):
        step = _ZERO
        if in_line[t]:
            low[t] -= low_mean
            high[t] -= high_mean
            low_square += low[t] * low[t]
            high_square += high[t] * high[t]
            step = abs(low[t]) + abs(high[t])
            if t == first or not in_line[t - 1]:
                runs += 1
        if t > first and step_before + step > most:
            largest, most = t - 1, step_before + step
        step_before = step

    calm, low_rest, high_rest, low_drift, high_drift = 0, _ZERO, _ZERO, _ZERO, _ZERO
    for t in range(first, last):
        if in_line[t] and t != largest and t != largest + 1:
            weight = _LEGENDRE[last - first + 1, t + 1 - first]
            calm += 1
            low_rest += low[t]
            high_rest += high[t]
            low_drift += low[t] * weight
            high_drift += high[t] * weight
    # what the calm ones are off together, where there are enough of them
    refined = np.float32(max(calm, 1)) if count >= MANY else FAR
    return Phases(
        angle(low_common * _ROTATION[key, 0]) + low_centre + low_mean + low_rest / refined,
        angle(high_common * _ROTATION[key, 1]) + high_centre + high_mean + high_rest / refined,
        count,
        max(low_square, high_square) / np.float32(max(count, 1)),
        runs - 1,
        max(abs(low_drift), abs(high_drift)),
    )


@inner
def true_power(apparent: np.float32, turn: np.float32) -> np.float32:
    """Power of a tone off its nominal frequency, which the fit explains less of: in power (sin(x/2) / (x/2))^2, x the
    offset in rad a hop; here to the fourth order, 0.1 % wrong at 1.3 rad."""
    bend = turn * turn
    return apparent / (_ONE - bend * (np.float32(1 / 12) - bend * np.float32(1 / 360)))


@inner
def measure(key: int, first: int, last: int, scratch: Record) -> Measures:
    """Measure a burst of a key (its index) that `burst.locate` found in the look."""
    in_line = scratch["in_line"]
    turns = phases(key, first, last, scratch)
    hops = 0
    low_sum = low_square = high_sum = high_square = explained = energy = _ZERO
    for t in range(first, last + 1):
        if (t > first and in_line[t - 1]) or (t < last and in_line[t]):
            low, high = power(amplitude(0, t, scratch)), power(amplitude(1, t, scratch))
            hops += 1
            low_sum += np.sqrt(low)
            high_sum += np.sqrt(high)
            low_square += low
            high_square += high
            explained += scratch["explained"][t]
            energy += scratch["energy"][t]
    some = np.float32(max(hops, 1))
    low_square, high_square = low_square / some, high_square / some
    spread = max(
        low_square / max((low_sum / some) ** 2, TINY),
        high_square / max((high_sum / some) ** 2, TINY),
    )
    low_power, high_power = true_power(low_square, turns.low_turn), true_power(high_square, turns.high_turn)
    purity = explained * (low_power + high_power) / max(energy * (low_square + high_square), TINY)
    return Measures(
        low_power,
        high_power,
        turns.low_turn * _PERCENT[key, 0],
        turns.high_turn * _PERCENT[key, 1],
        min(purity, _ONE),
        turns.in_line,
        turns.jitter,
        turns.splices,
        turns.drift,
        np.sqrt(max(spread - _ONE, _ZERO)),
        _ONE - np.float32(hops) / np.float32(last - first + 1),
    )
