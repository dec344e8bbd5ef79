"""Building blocks of test signals: tone sequences and what telephone lines do to them.

All functions work on float samples at 8 kHz with full scale 1.0, and take the random generator that makes them
repeatable. If a parameter ends in `_db`, its level is relative to the power of the tone pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from dsp.line import added, reflections
from dsp.line.samples import places
from dsp.tones import amplitude_of, key_tones
from sound.telephone import SAMPLE_RATE_HZ

Samples = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Tone:
    """One key as it is sent.

    Attributes:
        key: the key.
        begin_ms, length_ms: its start and length.
        level_dbm0: the mean level of the two tones.
        twist_db: level of the high tone minus that of the low one.
        low_offset, high_offset: frequency offsets of the tones, percent.
        fade_db: how far the high tone has fallen by the end; if negative, the low one.
    """

    key: str
    begin_ms: float
    length_ms: float
    level_dbm0: float
    twist_db: float
    low_offset: float
    high_offset: float
    fade_db: float = 0.0


def pair(tone: Tone, rng: Rng) -> Samples:
    """Return the samples of one key, with random start phases."""
    low, high = key_tones(tone.key)
    t = np.arange(round(tone.length_ms * SAMPLE_RATE_HZ / 1000)) / SAMPLE_RATE_HZ
    out: Samples = np.zeros(t.size)
    for hertz, offset, level, fade_db in (
        (low, tone.low_offset, tone.level_dbm0 - tone.twist_db / 2, max(-tone.fade_db, 0.0)),
        (high, tone.high_offset, tone.level_dbm0 + tone.twist_db / 2, max(tone.fade_db, 0.0)),
    ):
        phase = rng.uniform(0, 2 * np.pi)
        course = 10 ** (-fade_db / 20 * np.arange(t.size) / max(t.size, 1))
        out += course * amplitude_of(level) * np.sin(2 * np.pi * hertz * (1 + offset / 100) * t + phase)
    return out


def render(tones: list[Tone], length_ms: float, rng: Rng) -> Samples:
    """Return silence of this length with tones at their places; each starts at the nearest sample."""
    out = np.zeros(round(length_ms * SAMPLE_RATE_HZ / 1000))
    for tone in tones:
        at = round(tone.begin_ms * SAMPLE_RATE_HZ / 1000)
        samples = pair(tone, rng)
        out[at : at + samples.size] += samples[: max(out.size - at, 0)]
    return out


def pair_power(level_dbm0: float, twist_db: float) -> float:
    """Return the mean square of a tone pair."""
    low, high = amplitude_of(level_dbm0 - twist_db / 2), amplitude_of(level_dbm0 + twist_db / 2)
    return (low**2 + high**2) / 2


def scaled(samples: Samples, power: float) -> Samples:
    """Return the samples scaled to this mean square."""
    present = float(np.mean(samples**2))
    return samples * np.sqrt(power / present) if present > 0 else samples


def steady(count: int, hertz: tuple[float, ...], rng: Rng) -> Samples:
    """Return continuous tones of equal level (a dial tone) with random phases."""
    phases = rng.uniform(0, 2 * np.pi, len(hertz))
    out: Samples = np.sum([added.tone(places(count), f, p) for f, p in zip(hertz, phases, strict=True)], axis=0)
    return out


def hum(count: int, mains_hz: float, rng: Rng) -> Samples:
    """Return mains hum with random phases."""
    return added.hum(places(count), mains_hz, rng.uniform(0, 2 * np.pi, added.HUM_HARMONICS))


def echoed(samples: Samples, delay_ms: float, level_db: float) -> Samples:
    """Return a recording with one echo of everything."""
    return reflections.echoed(samples, reflections.silence_before_echo(delay_ms), level_db)[0]


def speech_like(count: int, rng: Rng) -> Samples:
    """Return speech-like sound of power 1: gliding pitch, moving formants, syllables, hiss."""
    out = np.zeros(count)
    at = 0
    while at < count:
        length = int(rng.uniform(0.08, 0.35) * SAMPLE_RATE_HZ)
        part = min(length, count - at)
        if part < 8:
            break
        kind = rng.random()
        if kind < 0.65:
            excitation = _voice(part, rng)
        elif kind < 0.8:
            excitation = 0.3 * rng.standard_normal(part)
        else:
            at += part
            continue
        for formant in (rng.uniform(300, 900), rng.uniform(900, 2300), rng.uniform(2300, 3300)):
            radius = np.exp(-np.pi * rng.uniform(60, 150) / SAMPLE_RATE_HZ)
            angle = 2 * np.pi * formant / SAMPLE_RATE_HZ
            denominator = [1, -2 * radius * np.cos(angle), radius**2]
            excitation = lfilter([1 - radius], denominator, excitation) + 0.05 * excitation
        out[at : at + part] += scaled(excitation * np.hanning(part), rng.uniform(0.2, 1.5))
        at += part
    return scaled(out, 1.0)


def _voice(count: int, rng: Rng) -> Samples:
    pitch = rng.uniform(80, 280) * np.exp(np.linspace(0, rng.uniform(-0.25, 0.25), count))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE_HZ
    harmonics = range(1, int(3600 / float(pitch.max())) + 1)
    out: Samples = np.sum([np.sin(n * phase + rng.uniform(0, 2 * np.pi)) / n for n in harmonics], axis=0)
    return out
