"""Cleaning: removes the echoes of other keys from the samples that a burst is measured on. Compiled code, as `burst`.

The echo of a key may go on under the next key, or the one after, nearly as loud: that is two tones too many. We know
which tones they are, because those keys were heard. Within 25 ms the tones of the keypad are at least 1.8 periods
apart. So least squares over all of them shows how strong each one is, whatever its path did to it; a hop of 5 ms is too
short for that.

An echo may start and end at any time, and so may the key. Each hop is cleaned by the window around it whose tones
explain it best: nothing starts or ends within that window.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.detector.burst import fit_hop
from dsp.detector.echo import REACH_HOPS
from dsp.detector.records import KEPT, REMEMBERED, Record
from dsp.kernel.compiled import inner
from dsp.kernel.goertzel import HOP, HOPS
from dsp.kernel.least_squares import least_squares
from dsp.tones import HIGH_HZ, LOW_HZ
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

WINDOW: Final = 5
"""Hops in the window over which tones are told apart."""

_HOPS: Final = KEPT * HOPS
_TURN: Final = 2 * np.pi / SAMPLE_RATE_HZ
_HERTZ: Final = np.array(LOW_HZ + HIGH_HZ)
_TONES: Final = len(_HERTZ)


@inner
def clean(channel: Record, low_offset_percent: float, high_offset_percent: float, begin: int) -> None:
    """Refit the lane's key to all hops whose samples are kept, without the tones of other keys that were heard.

    Args:
        channel: the lane's channel.
        low_offset_percent, high_offset_percent: offsets of the lane's own tones, as far as they are known.
        begin: the hop at which the burst started.
    """
    key, newest = channel["key"], channel["clock"]
    hertz = np.zeros(_TONES)
    for place in range(REMEMBERED):
        if begin - channel["heard_end"][place] < REACH_HOPS:
            row, column = channel["heard_key"][place] // 4, 4 + channel["heard_key"][place] % 4
            hertz[row] = _HERTZ[row] * (1 + channel["heard_low_offset_percent"][place] / 100)
            hertz[column] = _HERTZ[column] * (1 + channel["heard_high_offset_percent"][place] / 100)
    own = np.array([key // 4, 4 + key % 4])
    hertz[own[0]] = _HERTZ[own[0]] * (1 + low_offset_percent / 100)
    hertz[own[1]] = _HERTZ[own[1]] * (1 + high_offset_percent / 100)

    samples = np.empty(KEPT * FRAME_SAMPLES, np.float32)
    for frame in range(KEPT):
        samples[frame * FRAME_SAMPLES : (frame + 1) * FRAME_SAMPLES] = channel["samples"][(newest + 1 + frame) % KEPT]
    waves = np.empty((2 * _TONES, samples.size), np.float32)
    foreign = np.zeros(2 * _TONES, np.bool_)
    count = 0
    for tone in range(_TONES):
        if hertz[tone] > 0:
            angle = _TURN * hertz[tone] * np.arange(samples.size)
            waves[count], waves[count + 1] = np.cos(angle), np.sin(angle)
            foreign[count] = foreign[count + 1] = tone != own[0] and tone != own[1]
            count += 2

    windows = _HOPS - WINDOW + 1
    weights = np.empty((windows, count), np.float32)
    rests = np.empty(windows, np.float32)
    for window in range(windows):
        part = slice(window * HOP, (window + WINDOW) * HOP)
        rests[window] = least_squares(waves[:count, part], samples[part], weights[window])
    for hop in range(_HOPS):
        best = max(hop - WINDOW + 1, 0)
        for window in range(best + 1, min(hop, windows - 1) + 1):
            if rests[window] < rests[best]:
                best = window
        part = slice(hop * HOP, (hop + 1) * HOP)
        for column in range(count):
            if foreign[column]:
                samples[part] -= weights[best, column] * waves[column, part]
        fit_hop(samples[part], key, channel["fits"], (newest + 1 - KEPT) * HOPS + hop)
