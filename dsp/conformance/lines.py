"""Damages tones as bad lines and sets do, besides noise: rooms and tails, overload, changing gain, silent packets.

As in `signals`, all functions take and return float samples at 8 kHz with full scale 1.0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsp.conformance.signals import Rng, Samples, Tone
from dsp.line import converters, gaps
from dsp.line.reflections import reverberant, room_response, silence_before_response
from dsp.line.samples import places
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

PUMP_ATTACK_S, PUMP_RELEASE_S = 0.02, 0.15
"""Time constants with which an automatic gain falls in a tone, and rises after it."""


def _span(tone: Tone) -> tuple[int, int]:
    """Return a tone's first sample and the one after its last."""
    first = round(tone.begin_ms * SAMPLE_RATE_HZ / 1000)
    return first, first + round(tone.length_ms * SAMPLE_RATE_HZ / 1000)


def room(samples: Samples, reverberation_s: float, direct_db: float, rng: Rng) -> Samples:
    """Add the sound of a room, this far below the direct sound.

    Args:
        samples: the dry sound.
        reverberation_s: the reverberation time RT60.
        direct_db: energy of the direct sound over the room's.
        rng: source of the room's walls.
    """
    return _reverberant(samples, room_response(reverberation_s, direct_db, rng))


def hybrid(samples: Samples, delay_ms: float, level_db: float, rng: Rng) -> Samples:
    """Add the delayed echo of a hybrid, spread over some ms as in the path models of ITU-T G.168 annex D.

    Args:
        samples: the sound without the echo.
        delay_ms: time until the echo starts.
        level_db: energy of the echo relative to the sound's.
        rng: source of the path.
    """
    delay, spread = round(delay_ms * SAMPLE_RATE_HZ / 1000), rng.uniform(0.004, 0.012)
    t = np.arange(round(3 * spread * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    path = rng.standard_normal(t.size) * np.exp(-3 * t / spread)
    path *= 10 ** (level_db / 20) / np.sqrt(np.sum(path**2))
    return _reverberant(samples, np.concatenate([np.zeros(delay), path]))


def _reverberant(samples: Samples, response: Samples) -> Samples:
    return reverberant(samples, silence_before_response(response), response)[0]


def clipped(samples: Samples, tones: Sequence[Tone], by_db: float) -> Samples:
    """Overdrive: cut off what exceeds a ceiling this far below the peak of the strongest pair."""
    peak = max(float(np.abs(samples[slice(*_span(tone))]).max()) for tone in tones)
    return converters.clipped(samples, peak * 10 ** (-by_db / 20))


def pumped(samples: Samples, tones: Sequence[Tone], by_db: float) -> Samples:
    """Apply an automatic gain: each tone starts up to this much too loud, the more so after a longer pause."""
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
    """Step the level up or down somewhere in every tone."""
    out = samples.copy()
    for tone in tones:
        first, last = _span(tone)
        at = int(rng.integers(first, last))
        gain = 10 ** (-abs(by_db) / 20)
        out[slice(first, at) if rng.random() < 0.5 else slice(at, last)] *= gain
    return out


def silenced(samples: Samples, tones: Sequence[Tone], length_ms: float, *, on_grid: bool, rng: Rng) -> Samples:
    """Put zeros in place of a packet in every tone, wholly inside it, on the stream's grid or anywhere."""
    begins, length = [], round(length_ms * SAMPLE_RATE_HZ / 1000)
    for tone in tones:
        first, last = _span(tone)
        if on_grid:
            inside = np.arange(-(-first // FRAME_SAMPLES) * FRAME_SAMPLES, last - length + 1, FRAME_SAMPLES)
            begins.append(int(rng.choice(inside)))
        else:
            begins.append(int(rng.integers(first, last - length + 1)))
    return gaps.silenced(samples, gaps.stretches(places(samples.size), begins, length))
