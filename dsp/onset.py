"""Onset: when exactly a burst begins, and at which phases its tones do. Compiled code, as `burst`.

The copy of a key begins as the key began, tone for tone: its phases are those of the key, so many seconds later. A
finger that presses again meets the oscillators, or the clock, of a set at some other phase. The begin must be known to
a tenth of a period for that, which the energy of hops does not tell; the samples do: those before it are not the
tones'.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dsp.compiled import inner
from dsp.goertzel import BLOCK, HOP, RATE, key_frequencies
from dsp.measures import amplitude, angle
from dsp.records import KEPT, Record

MARGIN: Final = 4
"""Samples before a begin that may be its."""
QUIET: Final = 0.05
"""What sounds before a begin has less power than this share of the tones': 13 dB."""
LEAD: Final = 60
"""Samples before and after the begin that hops tell, between which the true one lies."""
NEAR: Final = 24
"""The same for most keys, after it."""
ENOUGH: Final = 24
"""Samples without a tone prove that it has not begun yet."""
SAME_TIME: Final = 1.2
"""Samples by which the begins of a key and of its copy may seem to differ."""
SAME_PHASE: Final = 0.35
"""The same in rad, for the high tone, when the low one's phase has told the time."""

_RAD: Final = 2 * np.pi / RATE * key_frequencies().astype(np.float64)
"""Of each key's tones, a sample, (16, 2)."""


class Onset(NamedTuple):
    """Phases of the tones at a burst's first sample, in rad; not a number where that is not to be told: the samples are
    gone, or something sounded before, as other echoes do."""

    low: float
    high: float


class Waves(NamedTuple):
    """Two tones: peak amplitudes in sample units, phases at sample 0 and turns a sample in rad."""

    low_level: float
    low_phase: float
    low_rad: float
    high_level: float
    high_phase: float
    high_rad: float


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
    oldest = (channel["clock"] + 1 - KEPT) * BLOCK
    rough = int(begin * HOP)
    hop = int(np.ceil(begin)) + 1  # the first hop that is surely wholly tone
    middle = hop * HOP + (HOP - 1) / 2
    if rough - LEAD - HOP - MARGIN < oldest or (hop + 1) * HOP > (channel["clock"] + 1) * BLOCK or hop < start:
        return Onset(np.nan, np.nan)
    low, high = amplitude(0, hop - start, scratch), amplitude(1, hop - start, scratch)
    low_rad = _RAD[channel["key"], 0] * (1 + low_offset / 100)
    high_rad = _RAD[channel["key"], 1] * (1 + high_offset / 100)
    low_phase = angle(low) + _RAD[channel["key"], 0] * (HOP - 1) / 2
    high_phase = angle(high) + _RAD[channel["key"], 1] * (HOP - 1) / 2
    low_level, high_level = np.float64(abs(low)), np.float64(abs(high))
    waves = Waves(
        low_level, low_phase - low_rad * middle, low_rad, high_level, high_phase - high_rad * middle, high_rad
    )
    best = first_sample(channel, rough + NEAR, rough - LEAD, waves)
    if best > rough + NEAR - MARGIN:
        best = first_sample(channel, rough + LEAD, rough - LEAD, waves)
    before = 0.0
    block, at = (best - HOP - MARGIN) // BLOCK % KEPT, (best - HOP - MARGIN) % BLOCK
    for _ in range(HOP):
        before += channel["samples"][block, at] ** 2
        block, at = (block, at + 1) if at + 1 < BLOCK else ((block + 1) % KEPT, 0)
    if before > QUIET * HOP / 2 * (low_level**2 + high_level**2):
        return Onset(np.nan, np.nan)
    return Onset(low_phase + low_rad * (best - middle), high_phase + high_rad * (best - middle))


@inner
def first_sample(channel: Record, last: int, least: int, waves: Waves) -> int:
    """The sample from which on the waves explain what is there best, from `last` back to `least`.

    Goes back until so much lies behind that is not the waves' that nothing before can be; `last` if all of it is.
    """
    # Each tone, sample by sample backwards: cos(x - r) = 2 cos(r) cos(x) - cos(x + r).
    low_now = waves.low_level * np.cos(waves.low_phase + waves.low_rad * last)
    low_then = waves.low_level * np.cos(waves.low_phase + waves.low_rad * (last + 1))
    high_now = waves.high_level * np.cos(waves.high_phase + waves.high_rad * last)
    high_then = waves.high_level * np.cos(waves.high_phase + waves.high_rad * (last + 1))
    low_turn, high_turn = 2 * np.cos(waves.low_rad), 2 * np.cos(waves.high_rad)
    enough = ENOUGH / 2 * (waves.low_level**2 + waves.high_level**2)
    samples, block, at = channel["samples"], last // BLOCK % KEPT, last % BLOCK
    best, most, total = last, 0.0, 0.0
    for n in range(last, least, -1):
        expected = low_now + high_now
        total += expected * (2 * samples[block, at] - expected)
        if total > most:
            best, most = n, total
        elif total < most - enough:
            break
        low_now, low_then = low_turn * low_now - low_then, low_now
        high_now, high_then = high_turn * high_now - high_then, high_now
        at -= 1
        if at < 0:
            block, at = (block - 1) % KEPT, BLOCK - 1
    return best


@inner
def copied(key: int, first: Onset, second: Onset) -> bool:
    """Two bursts of a key begin alike, but for an error of the time that both tones share."""
    low, high = first.low - second.low, first.high - second.high
    for turn in range(-2, 3):
        late = (np.arctan2(np.sin(low), np.cos(low)) + 2 * np.pi * turn) / _RAD[key, 0]
        rest = high - late * _RAD[key, 1]
        if abs(late) < SAME_TIME and abs(np.arctan2(np.sin(rest), np.cos(rest))) < SAME_PHASE:
            return True
    return False


@inner
def unsure(first: Onset, second: Onset) -> bool:
    """Whether they begin alike is not to be told."""
    return bool(np.isnan(first.low) or np.isnan(second.low))
