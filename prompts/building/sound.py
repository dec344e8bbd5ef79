"""Turns a voice's samples into a clip for a telephone: rate, band, level, edges.

Levels are in dB relative to full scale (dBFS), where a full-scale sine has -3.01. Arrays are float64 with full scale
1.0, shape (n,).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin2, resample_poly

from sound.telephone import SAMPLE_RATE_HZ

Samples = NDArray[np.float64]

BAND_HZ = (250.0, 3450.0)
PRESENCE_DB = 6.0  # lift from 1 kHz up to 3.2 kHz, where consonants lie; handset microphones rise likewise
ACTIVE_LEVEL_DBFS = -20.0
PEAK_DBFS = -3.0
EDGE_SILENCE_S = 0.02
FADE_S = 0.005

_BAND_TAPS = 255
_SLOPE_HZ = 50.0  # half the width of the band's slopes
_FRAME_S = 0.02
_MARGIN_DB = 15.9  # ITU-T P.56: speech counts as active down to 15.9 dB below the active level
_SILENCE_DBFS = -60.0  # the voice's pauses are below -70; an initial /s/, cut by the band, is just above -60
_TRIM_HOP_S = 0.005
_GUARD_S = 0.015  # kept beyond the edge that was found: the burst of a plosive is shorter than a frame


def to_line(samples: Samples, rate_hz: int, *, presence_db: float = PRESENCE_DB) -> Samples:
    """Return speech at 8 kHz in the band that a telephone line carries, with its consonants lifted."""
    at_line_rate = resample_poly(samples, SAMPLE_RATE_HZ, rate_hz)
    low, high = BAND_HZ
    lift = 10 ** (presence_db / 20)
    corners_hz = (0, low - _SLOPE_HZ, low + _SLOPE_HZ, 1000, 3200, high - _SLOPE_HZ, high + _SLOPE_HZ, 4000)
    taps = firwin2(_BAND_TAPS, corners_hz, (0, 0, 1, 1, lift, lift, 0, 0), fs=SAMPLE_RATE_HZ)
    return np.asarray(np.convolve(at_line_rate, taps, mode="same"), dtype=np.float64)


def active_level_dbfs(samples: Samples) -> float:
    """Return the level of the speech without its pauses (the idea of ITU-T P.56, on 20 ms frames).

    Returns:
        RMS in dBFS over the frames that are less than 15.9 dB below that same level; -inf for silence.
    """
    power = _frame_power(samples)
    power = power[power > 0]
    if not power.size:
        return float("-inf")
    threshold = 0.0
    while True:
        active = float(power[power >= threshold].mean())
        raised = active / 10 ** (_MARGIN_DB / 10)
        if not np.any((power >= threshold) & (power < raised)):
            return 10 * float(np.log10(active))
        threshold = raised


def gain_to_nominal(samples: Samples) -> float:
    """Return the factor that brings speech to the nominal active level, or to the peak limit if that comes first."""
    to_level = 10 ** ((ACTIVE_LEVEL_DBFS - active_level_dbfs(samples)) / 20)
    to_peak = 10 ** (PEAK_DBFS / 20) / float(np.abs(samples).max())
    return float(min(to_level, to_peak))


def utterances(samples: Samples, rate_hz: int, *, min_gap_s: float) -> list[Samples]:
    """Cut speech at its pauses.

    Args:
        samples: speech in which pauses are almost silent.
        rate_hz: its sampling rate.
        min_gap_s: a silence this long or longer is a pause; a shorter one belongs to a plosive.

    Returns:
        The parts between the pauses, each with half of the pause on either side.
    """
    frame = round(_FRAME_S / 2 * rate_hz)
    count = len(samples) // frame
    power = np.square(samples[: count * frame]).reshape(count, frame).mean(axis=1)
    loud = np.flatnonzero(power > power.max() / 1e4)
    if not loud.size:
        return []
    breaks = np.flatnonzero(np.diff(loud) * frame >= min_gap_s * rate_hz)
    middles = (loud[breaks] + loud[breaks + 1] + 1) // 2 * frame
    return [np.asarray(part) for part in np.split(samples, middles)]


def finish(samples: Samples, *, silence_dbfs: float = _SILENCE_DBFS) -> Samples:
    """Trim the silence off both ends, fade the cut edges, and add a short silence of known length.

    Args:
        samples: speech at its final level.
        silence_dbfs: anything softer than this at the ends is silence.

    Raises:
        ValueError: the speech is nothing but silence.
    """
    power = _frame_power(samples, hop_s=_TRIM_HOP_S)
    loud = np.flatnonzero(power > 10 ** (silence_dbfs / 10))
    if not loud.size:
        raise ValueError("nothing but silence")
    hop = round(_TRIM_HOP_S * SAMPLE_RATE_HZ)
    guard = round(_GUARD_S * SAMPLE_RATE_HZ)
    start = max(0, int(loud[0]) * hop - guard)
    stop = min(len(samples), (int(loud[-1]) + 1) * hop + guard)
    trimmed = samples[start:stop].copy()
    fade = round(FADE_S * SAMPLE_RATE_HZ)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    trimmed[:fade] *= ramp
    trimmed[-fade:] *= ramp[::-1]
    return np.pad(trimmed, silence_samples(EDGE_SILENCE_S))


def silence_samples(duration_s: float) -> int:
    """Return how many samples at the telephone rate a duration has."""
    return round(duration_s * SAMPLE_RATE_HZ)


def _frame_power(samples: Samples, hop_s: float = _FRAME_S) -> Samples:
    frame = round(hop_s * SAMPLE_RATE_HZ)
    padded = np.pad(samples, (0, -len(samples) % frame))
    return np.asarray(np.square(padded).reshape(-1, frame).mean(axis=1), dtype=np.float64)
