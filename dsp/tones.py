"""The tones of push-button signalling (ITU-T Q.23), their levels, and a generator of them.

A key is a pair: one of four low tones (the row of the keypad) and one of four high tones (the column). Levels are in
dBm0 of one tone; a sine that just fills the digital range is +3.14 dBm0 (ITU-T G.711).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sound.telephone import SAMPLE_RATE_HZ

KEYS: Final = "123A456B789C*0#D"
LOW_HZ: Final = (697.0, 770.0, 852.0, 941.0)
HIGH_HZ: Final = (1209.0, 1336.0, 1477.0, 1633.0)
FULL_SCALE_DBM0: Final = 3.14


def key_tones(key: str) -> tuple[float, float]:
    """Return the nominal low and high frequency of a key, in Hz.

    Raises:
        ValueError: the key is not one of the sixteen.
    """
    index = KEYS.find(key) if len(key) == 1 else -1
    if index < 0:
        raise ValueError(f"no such key: {key!r}; the sixteen keys are {KEYS}")
    return LOW_HZ[index // 4], HIGH_HZ[index % 4]


def amplitude_of(level_dbm0: float) -> float:
    """Return the peak amplitude (full scale 1.0) of a sine with this level."""
    return float(10.0 ** ((level_dbm0 - FULL_SCALE_DBM0) / 20.0))


def level_of(amplitude: float) -> float:
    """Return the level in dBm0 of a sine with this peak amplitude (full scale 1.0)."""
    return float(20.0 * np.log10(max(amplitude, 1e-12)) + FULL_SCALE_DBM0)


def synthesize(
    keys: str,
    *,
    fs: int = SAMPLE_RATE_HZ,
    tone_s: float = 0.1,
    pause_s: float = 0.1,
    lead_s: float | None = None,
    level_dbm0: float = -10.0,
    twist_db: float = 0.0,
    offset_percent: float | tuple[float, float] = 0.0,
    snr_db: float | None = None,
    rng: np.random.Generator | None = None,
    group_pause_s: float = 0.5,
) -> NDArray[np.float32]:
    """Make the tones of a string of keys, as a telephone would send them.

    Args:
        keys: the keys, in order; spaces separate groups.
        fs: sampling rate in Hz.
        tone_s: length of each tone.
        pause_s: silence after each tone.
        lead_s: silence before the first tone; by default `pause_s`.
        level_dbm0: mean of the two tones' levels.
        twist_db: level of the high tone minus that of the low one.
        offset_percent: how far both tones are off their nominal frequencies; a pair gives (low, high).
        snr_db: level of white noise over the whole length, this far below the power of a tone pair; None for no noise.
        rng: source of start phases and noise; without it all tones start at phase 0 and noise has seed 0.
        group_pause_s: silence between two groups of keys, unless `pause_s` is longer.

    Returns:
        Mono samples, full scale 1.0; tones that together exceed it are clipped to it.

    Raises:
        ValueError: a character is not a key, or a length is negative.
    """
    if tone_s < 0 or pause_s < 0 or fs <= 0:
        raise ValueError(f"lengths must not be negative: tone_s={tone_s}, pause_s={pause_s}, fs={fs}")
    low_off, high_off = offset_percent if isinstance(offset_percent, tuple) else (offset_percent, offset_percent)
    low_amp = amplitude_of(level_dbm0 - twist_db / 2)
    high_amp = amplitude_of(level_dbm0 + twist_db / 2)
    tone_n, pause_n = round(tone_s * fs), round(pause_s * fs)
    lead_n = pause_n if lead_s is None else round(lead_s * fs)
    extra_n = max(round(group_pause_s * fs) - pause_n, 0)
    groups = keys.split()
    pressed = [(key, number * extra_n) for number, group in enumerate(groups) for key in group]
    out = np.zeros(lead_n + len(pressed) * (tone_n + pause_n) + max(len(groups) - 1, 0) * extra_n)
    t = np.arange(tone_n) / fs
    for number, (key, waited_n) in enumerate(pressed):
        low, high = key_tones(key)
        phases = rng.uniform(0, 2 * np.pi, 2) if rng is not None else (0.0, 0.0)
        at = lead_n + number * (tone_n + pause_n) + waited_n
        out[at : at + tone_n] = low_amp * np.sin(
            2 * np.pi * low * (1 + low_off / 100) * t + phases[0]
        ) + high_amp * np.sin(2 * np.pi * high * (1 + high_off / 100) * t + phases[1])
    if snr_db is not None:
        power = (low_amp**2 + high_amp**2) / 2
        source = rng if rng is not None else np.random.default_rng(0)
        out += source.standard_normal(out.size) * np.sqrt(power / 10 ** (snr_db / 10))
    return np.clip(out, -1.0, 1.0).astype(np.float32)
