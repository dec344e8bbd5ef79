"""Measures level, frequency, purity and steadiness of a located burst. Compiled code, as `burst`.

The frequency follows from the most common phase advance between neighbouring hops. A lost packet makes the phase jump:
one advance is out of line, or two if the jump falls into a hop. Such hops are left out of all figures and counted as a
splice.
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
"""A phase advance is in line if it is within this many rad of the burst's own. An echo 10 dB down turns a phase by 0.32
rad once; noise 15 dB down turns the weaker tone's by 0.12 rad (1 sigma)."""
MIN_IN_LINE: Final = 3
"""The phase advances that must agree; fewer do not prove a frequency."""
MANY: Final = 5
"""With this many phase advances in line, the two largest steps are left out of the frequency."""
FAR: Final = np.float32(np.inf)
"""No limit."""

_ZERO: Final = np.float32(0)
_ONE: Final = np.float32(1)
_ROTATION: Final = hop_rotation()
_PERCENT: Final = np.float32(100 * SAMPLE_RATE_HZ / (2 * np.pi * HOP)) / key_frequencies()
"""Offset in percent of each key's tones if their phase advances by 1 rad a hop too much, shape (16, 2)."""
_ARCTANGENT: Final = np.array(
    [0.0028662257, -0.0161657367, 0.0429096138, -0.07528964, 0.1065626393, -0.1420889944, 0.1999355085, -0.3333314528],
    np.float32,
)
"""Coefficients of x^17 to x^3 in arctan x, |x| <= 1 (Abramowitz and Stegun, Handbook of Mathematical Functions,
4.4.49)."""


def _legendre_table(longest: int) -> Floats:
    """Return a table of what each phase advance adds to `drift`, shape (longest + 1, longest).

    Row n is for a burst of n hops; column t is for the advance into hop t. An advance is part of the phase of all later
    hops. So each entry is the sum, from its hop to the last, of the second Legendre polynomial over n hops, with its
    mean removed and divided by its energy.
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
        low_offset_percent, high_offset_percent: offsets of the measured frequencies from the nominal ones.
        purity: share of the pair in all energy except the nuisances'.
        in_line: how many phase advances are in line.
        jitter: mean square of these about their mean, in rad^2, of the worse tone.
        splices: how often the phase jumped.
        drift: how far the phase bends away from a steady frequency's, in rad, of the worse tone: the coefficient of the
            second Legendre polynomial over the burst. A tone that glides by a Hz/s over T s has pi/6 a T^2.
        ripple: spread of the amplitude over the hops relative to its mean, of the worse tone.
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
    """Return the complex amplitude of the low (0) or the high tone (1) in a hop."""
    return np.complex64(complex(scratch["re"][tone, t], scratch["im"][tone, t]))


@inner
def power(value: np.complex64) -> np.float32:
    """Return the square of a tone's amplitude, which is twice its mean power."""
    return value.real * value.real + value.imag * value.imag


@inner
def angle(value: np.complex64) -> np.float32:
    """Return the angle of a complex number in rad.

    For small angles, as most are, a polynomial gives it, with an error of at most 1e-7 rad.
    """
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
    """Return a tone's phase advance into the next hop: z[t + 1] times the conjugate of z[t]."""
    return np.complex64(amplitude(tone, t + 1, scratch) * np.conj(amplitude(tone, t, scratch)))


@inner
def compare(tone: int, first: int, last: int, scratch: Record) -> np.complex64:
    """Return the most common phase advance of a tone, and compute the `residuals` of those `in_line` against it."""
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
    """Return how many advances are `in_line` and within this many rad, and their mean for each tone."""
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
    """The results of judging the phase advances.

    Attributes:
        low_turn, high_turn: how far each tone turns in a hop beyond its nominal frequency, in rad.
        in_line, jitter, splices, drift: as in `Measures`.
    """

    low_turn: np.float32
    high_turn: np.float32
    in_line: int
    jitter: np.float32
    splices: int
    drift: np.float32


@inner
def phases(key: int, first: int, last: int, scratch: Record) -> Phases:
    """Judge the phase advances, and compute which of them are `in_line`."""
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
    # a large step may be a splice of small angle, over two advances, or the start of an echo; a glide has none
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
    # how far the calm ones are off together, if there are enough of them
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
    """Return the true power of a tone that is off its nominal frequency.

    The fit explains less of such a tone: (sin(x/2) / (x/2))^2 of its power, where x is the offset in rad a hop. This is
    computed to the fourth order, which is 0.1 % wrong at 1.3 rad.
    """
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
