"""Onset: when exactly a burst starts, and at which phases its tones start. Compiled code, as `burst`.

The copy of a key starts as the key did, tone for tone: with the same phases, only later. A finger that presses again
meets the set's oscillators, or its clock, at another phase. To compare phases we must know the start to a tenth of a
period. The energy of hops does not show it that finely, but the samples do: those before the start do not fit the
tones.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dsp.detector.burst import dot
from dsp.detector.measures import amplitude
from dsp.detector.records import KEPT, Record
from dsp.kernel.compiled import inner
from dsp.kernel.goertzel import HOP, key_frequencies
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

MARGIN: Final = 4
"""Samples just before a start that may already belong to the burst."""
QUIET: Final = 0.05
"""What sounds before a start must have less than this share of the tones' power: 13 dB."""
LEAD: Final = 60
"""The true start lies within this many samples before or after the one that the hops give."""
NEAR: Final = 12
"""For most keys it lies at most this many samples after that one."""
ENOUGH: Final = 12
"""This many samples without a tone prove that it has not started yet."""
SAME_TIME: Final = 1.2
"""Samples by which the starts of a key and of its copy may seem to differ."""
SAME_PHASE: Final = 0.35
"""The same for the high tone, in rad, after the low tone's phase has given the time."""

_RAD: Final = 2 * np.pi / SAMPLE_RATE_HZ * key_frequencies().astype(np.float64)
"""Rad a sample of each key's tones, shape (16, 2)."""
_TURN: Final = np.exp(1j * _RAD)
"""The same as complex numbers on the unit circle."""
_TO_MIDDLE: Final = np.exp(1j * _RAD * (HOP - 1) / 2)
"""How far a tone turns from a hop's first sample to its middle."""


class Onset(NamedTuple):
    """The tones at a burst's first sample, as complex amplitudes.

    They are not-a-number if they cannot be known: the samples are gone, or something, such as another echo, sounded
    before.

    Attributes:
        low, high: the amplitudes of the two tones, in sample units.
    """

    low: complex
    high: complex


class Wave(NamedTuple):
    """A tone at some sample.

    Attributes:
        now: its complex amplitude there, in sample units.
        turn: the factor by which it turns from one sample to the next.
    """

    now: complex
    turn: complex


@inner
def unknown() -> Onset:
    """Return an onset that cannot be known."""
    return Onset(complex(np.nan, np.nan), complex(np.nan, np.nan))


@inner
def onset(
    channel: Record, begin: float, low_offset: np.float32, high_offset: np.float32, start: int, scratch: Record
) -> Onset:
    """Find the onset of the burst in the look.

    Args:
        channel: the lane's channel.
        begin: the hop at which the burst starts, judging by its energy.
        low_offset, high_offset: offsets of the tones, percent.
        start: the look's first hop.
        scratch: holds the look.
    """
    oldest = (channel["clock"] + 1 - KEPT) * FRAME_SAMPLES
    rough = int(begin * HOP)
    hop = int(np.ceil(begin)) + 1  # the first hop that is certainly tone all through
    if rough - LEAD - HOP - MARGIN < oldest or (hop + 1) * HOP > (channel["clock"] + 1) * FRAME_SAMPLES or hop < start:
        return unknown()
    low = wave(channel["key"], 0, low_offset, hop, rough + NEAR, start, scratch)
    high = wave(channel["key"], 1, high_offset, hop, rough + NEAR, start, scratch)
    best, starts = first_sample(channel, rough + NEAR, rough - LEAD, low, high)
    if best > rough + NEAR - MARGIN:
        low = wave(channel["key"], 0, low_offset, hop, rough + LEAD, start, scratch)
        high = wave(channel["key"], 1, high_offset, hop, rough + LEAD, start, scratch)
        best, starts = first_sample(channel, rough + LEAD, rough - LEAD, low, high)
    if energy(channel, best - HOP - MARGIN) > QUIET * HOP / 2 * (square(starts.low) + square(starts.high)):
        return unknown()
    return starts


@inner
def square(value: complex) -> float:
    """Return the square of a tone's amplitude."""
    return value.real * value.real + value.imag * value.imag


@inner
def wave(key: int, tone: int, offset: np.float32, hop: int, sample: int, start: int, scratch: Record) -> Wave:
    """Return a key's low (0) or high tone (1) at a sample, from its fit in a hop and its offset in percent."""
    rad = _RAD[key, tone]
    off = rad * np.float64(offset) / 100
    turned = (rad + off) * (sample - hop * HOP - (HOP - 1) / 2)
    now = amplitude(tone, hop - start, scratch) * _TO_MIDDLE[key, tone] * complex(np.cos(turned), np.sin(turned))
    return Wave(now, _TURN[key, tone] * complex(1 - off * off / 2, off))


@inner
def energy(channel: Record, begin: int) -> np.float32:
    """Return the energy of a hop's length of samples from this one on."""
    frame, at = begin // FRAME_SAMPLES % KEPT, begin % FRAME_SAMPLES
    first = channel["samples"][frame, at : at + HOP]
    second = channel["samples"][(frame + 1) % KEPT, : HOP - len(first)]
    return np.float32(dot(first, first) + dot(second, second))


@inner
def first_sample(channel: Record, last: int, least: int, low: Wave, high: Wave) -> tuple[int, Onset]:
    """Return the sample from which on the waves explain the audio best, and the waves there.

    The waves are given at `last`. The search goes back from there, at most to `least`, until so much does not fit the
    waves that no earlier sample can be the first. If nothing before `last` fits, it is `last`.
    """
    # Each tone is computed sample by sample, backwards: cos(x - r) = 2 cos(r) cos(x) - cos(x + r).
    low_now, low_then = low.now.real, (low.now * low.turn).real
    high_now, high_then = high.now.real, (high.now * high.turn).real
    low_twice, high_twice = 2 * low.turn.real, 2 * high.turn.real
    enough = ENOUGH / 2 * (square(low.now) + square(high.now))
    samples, frame, at = channel["samples"], last // FRAME_SAMPLES % KEPT, last % FRAME_SAMPLES
    best, most, total = last, 0.0, 0.0
    best_low, best_low_then, best_high, best_high_then = low_now, low_then, high_now, high_then
    for n in range(last, least, -1):
        expected = low_now + high_now
        total += expected * (2 * samples[frame, at] - expected)
        if total > most:
            best, most = n, total
            best_low, best_low_then, best_high, best_high_then = low_now, low_then, high_now, high_then
        elif total < most - enough:
            break
        low_now, low_then = low_twice * low_now - low_then, low_now
        high_now, high_then = high_twice * high_now - high_then, high_now
        at -= 1
        if at < 0:
            frame, at = (frame - 1) % KEPT, FRAME_SAMPLES - 1
    return best, Onset(analytic(best_low, best_low_then, low.turn), analytic(best_high, best_high_then, high.turn))


@inner
def analytic(now: float, then: float, turn: complex) -> complex:
    """Return the complex amplitude whose real part is `now` here and `then` one turn later."""
    return complex(now, (now * turn.real - then) / turn.imag)


@inner
def copied(key: int, first: Onset, second: Onset) -> bool:
    """Return whether two bursts of a key start alike, apart from a time error that both tones share."""
    low = np.angle(first.low * second.low.conjugate())
    high = np.angle(first.high * second.high.conjugate())
    for turn in range(-2, 3):
        late = (low + 2 * np.pi * turn) / _RAD[key, 0]
        rest = high - late * _RAD[key, 1]
        if abs(late) < SAME_TIME and abs(np.arctan2(np.sin(rest), np.cos(rest))) < SAME_PHASE:
            return True
    return False


@inner
def unsure(first: Onset, second: Onset) -> bool:
    """Return whether it cannot be known if two bursts start alike."""
    return bool(np.isnan(first.low.real) or np.isnan(second.low.real))
