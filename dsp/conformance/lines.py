"""What bad lines and sets do to tones beyond noise: rooms and tails, overload, gain that moves, silent packets.

As in `signals`, all functions take and give float samples at 8 kHz with full scale 1.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.signal import fftconvolve

from dsp.conformance.signals import FRAME, Rng, Samples, Tone
from sound.telephone import SAMPLE_RATE_HZ

DECAY: Final = 6.91
"""Natural logarithm of 1000: the amplitude at the end of the reverberation time is 60 dB down."""
ROOM_BEGINS_S: Final = 0.003
"""The first wall is half a metre away."""
PUMP_ATTACK_S, PUMP_RELEASE_S = 0.02, 0.15
"""How fast an automatic gain falls in a tone, and rises after it."""


def _span(tone: Tone) -> tuple[int, int]:
    """First and last sample of a tone, half open."""
    first = round(tone.begin_ms * SAMPLE_RATE_HZ / 1000)
    return first, first + round(tone.length_ms * SAMPLE_RATE_HZ / 1000)


def room(samples: Samples, reverberation_s: float, direct_db: float, rng: Rng) -> Samples:
    """In a room: noise that decays by 60 dB in the reverberation time (ISO 3382-1), this far below the direct sound.

    Args:
        samples: dry.
        reverberation_s: RT60.
        direct_db: energy of the direct sound over that of the rest.
        rng: makes the room.
    """
    return samples + _tail(samples, room_tail(reverberation_s, direct_db, rng))


def room_tail(reverberation_s: float, direct_db: float, rng: Rng) -> Samples:
    """What a room adds to a click of 1, from the click on; arguments as for `room`."""
    t = np.arange(round(1.2 * reverberation_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = rng.standard_normal(t.size) * np.exp(-DECAY * t / reverberation_s) * (t >= ROOM_BEGINS_S)
    response: Samples = tail * 10 ** (-direct_db / 20) / np.sqrt(np.sum(tail**2))
    return response


def hybrid(samples: Samples, delay_ms: float, level_db: float, rng: Rng) -> Samples:
    """With the echo of a hybrid behind a delay: spread over some ms, as the path models of ITU-T G.168 annex D are.

    Args:
        samples: without echo.
        delay_ms: before the echo begins.
        level_db: energy of the echo against that of the sound.
        rng: makes the path.
    """
    delay, spread = round(delay_ms * SAMPLE_RATE_HZ / 1000), rng.uniform(0.004, 0.012)
    t = np.arange(round(3 * spread * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    path = rng.standard_normal(t.size) * np.exp(-3 * t / spread)
    path *= 10 ** (level_db / 20) / np.sqrt(np.sum(path**2))
    return samples + _tail(samples, np.concatenate([np.zeros(delay), path]))


def _tail(samples: Samples, response: Samples) -> Samples:
    out: Samples = fftconvolve(samples, response)[: samples.size]
    return out


def clipped(samples: Samples, tones: Sequence[Tone], by_db: float) -> Samples:
    """Overdriven: what exceeds the ceiling is cut off, which lies this far below the peak of the strongest pair."""
    peak = max(float(np.abs(samples[slice(*_span(tone))]).max()) for tone in tones)
    ceiling = peak * 10 ** (-by_db / 20)
    return np.clip(samples, -ceiling, ceiling)


def pumped(samples: Samples, tones: Sequence[Tone], by_db: float) -> Samples:
    """Under an automatic gain: each tone begins up to this much too loud, and more so after a longer pause."""
    excess = np.empty(samples.size)
    now, at = by_db, 0
    for tone in tones:
        first, last = _span(tone)
        for stop, goal, time_s in ((first, by_db, PUMP_RELEASE_S), (last, 0.0, PUMP_ATTACK_S)):
            course = goal + (now - goal) * np.exp(-np.arange(1, stop - at + 1) / (SAMPLE_RATE_HZ * time_s))
            excess[at:stop] = course
            now, at = (float(course[-1]) if course.size else now), stop
    excess[at:] = by_db
    return samples * 10 ** (excess / 20)


def stepped(samples: Samples, tones: Sequence[Tone], by_db: float, rng: Rng) -> Samples:
    """With a step of the level, up or down, somewhere in every tone."""
    out = samples.copy()
    for tone in tones:
        first, last = _span(tone)
        at = int(rng.integers(first, last))
        gain = 10 ** (-abs(by_db) / 20)
        out[slice(first, at) if rng.random() < 0.5 else slice(at, last)] *= gain
    return out


def silenced(samples: Samples, tones: Sequence[Tone], length_ms: float, *, on_grid: bool, rng: Rng) -> Samples:
    """With zeros in the place of a packet in every tone, wholly inside it; on the stream's grid or anywhere."""
    out, length = samples.copy(), round(length_ms * SAMPLE_RATE_HZ / 1000)
    for tone in tones:
        first, last = _span(tone)
        places = np.arange(-(-first // FRAME) * FRAME, last - length + 1, FRAME) if on_grid else None
        at = int(rng.choice(places)) if places is not None else int(rng.integers(first, last - length + 1))
        out[at : at + length] = 0
    return out
