"""Sound that comes back: one echo, or the many of a room and of a hybrid.

Each function takes what still sounds of the samples before, and returns what will sound in those that follow. So a
stream that is cut anywhere sounds like the whole recording. Before a recording there is silence: zeros of a length that
functions here give.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.signal import fftconvolve

from dsp.line.samples import Samples
from sound.telephone import SAMPLE_RATE_HZ

DECAY: Final = 6.91
"""Natural logarithm of 1000: the amplitude at the end of the reverberation time is 60 dB down."""
ROOM_BEGINS_S: Final = 0.003
"""The time until the first reflection: the first wall is half a metre away."""


def silence_before_echo(delay_ms: float) -> Samples:
    """Return what an echo with this delay holds before the first sample."""
    return np.zeros(round(delay_ms * SAMPLE_RATE_HZ / 1000))


def echoed(samples: Samples, before: Samples, level_db: float) -> tuple[Samples, Samples]:
    """Add one echo of everything.

    Args:
        samples: the sound without the echo.
        before: the samples before these, as many as the delay is long.
        level_db: the level of the echo relative to the sound.

    Returns:
        What is heard, and `before` for the samples that follow.
    """
    stream = np.concatenate([before, samples])
    return samples + stream[: samples.size] * 10 ** (level_db / 20), stream[samples.size :]


def reverberant(samples: Samples, sounding: Samples, response: Samples) -> tuple[Samples, Samples]:
    """Add all that walls, or a hybrid, send back.

    Args:
        samples: the sound without it; at least one sample.
        sounding: what still sounds of the samples before, shape (response.size - 1,).
        response: what is added to a click of 1, from the click on.

    Returns:
        What is heard, and `sounding` for the samples that follow.
    """
    tail: Samples = fftconvolve(samples, response)
    tail[: sounding.size] += sounding
    return samples + tail[: samples.size], tail[samples.size :]


def silence_before_response(response: Samples) -> Samples:
    """Return what sounds of a response before the first sample: silence."""
    return np.zeros(response.size - 1)


def room_response(reverberation_s: float, direct_db: float, chance: np.random.Generator) -> Samples:
    """Return what a room adds to a click of 1: noise that decays by 60 dB in the reverberation time (ISO 3382-1).

    Args:
        reverberation_s: the reverberation time RT60.
        direct_db: energy of the direct sound over the room's.
        chance: source of the room's walls.
    """
    t = np.arange(round(1.2 * reverberation_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = chance.standard_normal(t.size) * np.exp(-DECAY * t / reverberation_s) * (t >= ROOM_BEGINS_S)
    response: Samples = tail * 10 ** (-direct_db / 20) / np.sqrt(np.sum(tail**2))
    return response
