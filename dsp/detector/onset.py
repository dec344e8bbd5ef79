"""Onset: when exactly a burst begins, and at which phases its tones do. Compiled code, as `burst`.

The copy of a key begins as the key began, tone for tone: its phases are those of the key, so many seconds later. A
finger that presses again meets the oscillators, or the clock, of a set at some other phase. The begin must be known to
a tenth of a period for that, which the energy of hops does not tell; the samples do: those before it are not the
tones'.
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
"""Samples before a begin that may be its."""
QUIET: Final = 0.05
"""What sounds before a begin has less power than this share of the tones': 13 dB."""
LEAD: Final = 60
"""Samples before and after the begin that hops tell, between which the true one lies."""
NEAR: Final = 12
"""The same for most keys, after it."""
ENOUGH: Final = 12
"""Samples without a tone prove that it has not begun yet."""
SAME_TIME: Final = 1.2
"""Samples by which the begins of a key and of its copy may seem to differ."""
SAME_PHASE: Final = 0.35
"""The same in rad, for the high tone, when the low one's phase has told the time."""

_RAD: Final = 2 * np.pi / SAMPLE_RATE_HZ * key_frequencies().astype(np.float64)
"""Of each key's tones, a sample, (16, 2)."""
_TURN: Final = np.exp(1j * _RAD)
"""The same as numbers on the unit circle."""
_TO_MIDDLE: Final = np.exp(1j * _RAD * (HOP - 1) / 2)
"""What a tone turns from a hop's first sample to its middle."""


class Onset(NamedTuple):
    """The tones at a burst's first sample, as complex amplitudes; not a number where that is not to be told: the
    samples are gone, or something sounded before, as other echoes do."""

    low: complex
    high: complex


class Wave(NamedTuple):
    """A tone: its complex amplitude at some sample, in sample units, and what it turns from one to the next."""

    now: complex
    turn: complex


@inner
def unknown() -> Onset:
    """An onset that is not to be told."""
    return Onset(complex(np.nan, np.nan), complex(np.nan, np.nan))


@inner
def onset(
    channel: Record, begin: float, low_offset: np.float32, high_offset: np.float32, start: int, scratch: Record
) -> Onset:
    """Find the onset of the burst in the look.

    Args:
        channel: of the lane.
        begin: the hop at which the burst begins, as its energy tells.
        low_offset, high_offset: percent.
        start: the look's first hop.
        scratch: has the look.
    """
    oldest = (channel["clock"] + 1 - KEPT) * FRAME_SAMPLES
    rough = int(begin * HOP)
    hop = int(np.ceil(begin)) + 1  # the first hop that is surely wholly tone
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
    """Of a tone's amplitude."""
    return value.real * value.real + value.imag * value.imag


@inner
def wave(key: int, tone: int, offset: np.float32, hop: int, sample: int, start: int, scratch: Record) -> Wave:
    """The low (0) or the high tone (1) of a key at a sample, as it is in a hop, off by so many percent."""
    rad = _RAD[key, tone]
    off = rad * np.float64(offset) / 100
    turned = (rad + off) * (sample - hop * HOP - (HOP - 1) / 2)
    now = amplitude(tone, hop - start, scratch) * _TO_MIDDLE[key, tone] * complex(np.cos(turned), np.sin(turned))
    return Wave(now, _TURN[key, tone] * complex(1 - off * off / 2, off))


@inner
def energy(channel: Record, begin: int) -> np.float32:
    """Of a hop's length of samples from this one on."""
    frame, at = begin // FRAME_SAMPLES % KEPT, begin % FRAME_SAMPLES
    first = channel["samples"][frame, at : at + HOP]
    second = channel["samples"][(frame + 1) % KEPT, : HOP - len(first)]
    return np.float32(dot(first, first) + dot(second, second))


@inner
def first_sample(channel: Record, last: int, least: int, low: Wave, high: Wave) -> tuple[int, Onset]:
    """The sample from which on the waves, given at `last`, explain best what is there, back to `least`; and the waves
    there.

    Goes back until so much lies behind that is not the waves' that nothing before can be; `last` if all of it is.
    """
    # Each tone, sample by sample backwards: cos(x - r) = 2 cos(r) cos(x) - cos(x + r).
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
    """The complex amplitude whose real part is this one now and that one a turn later."""
    return complex(now, (now * turn.real - then) / turn.imag)


@inner
def copied(key: int, first: Onset, second: Onset) -> bool:
    """Two bursts of a key begin alike, but for an error of the time that both tones share."""
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
    """Whether they begin alike is not to be told."""
    return bool(np.isnan(first.low.real) or np.isnan(second.low.real))
