"""Signals that contain no key but come near one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dsp.conformance import signals
from dsp.conformance.conditions import NoKey
from dsp.conformance.signals import Rng, Samples
from dsp.line.added import white_noise
from dsp.tones import HIGH_HZ, LOW_HZ, amplitude_of
from sound.telephone import SAMPLE_RATE_HZ

R2_HZ = (540.0, 660.0, 780.0, 900.0, 1020.0, 1140.0, 1380.0, 1500.0, 1620.0, 1740.0, 1860.0, 1980.0)
SIT_HZ = (913.8, 950.6, 985.2, 1370.6, 1428.5, 1776.7)
CALL_PROGRESS_HZ: tuple[tuple[float, ...], ...] = (
    (400.0,), (425.0,), (350.0, 440.0), (440.0, 480.0), (480.0, 620.0), (400.0, 416.0), (950.0,), (1400.0,),
)  # fmt: skip


def make_no_key(kind: NoKey, rng: Rng) -> Samples:
    """Return a signal of this kind, some seconds long."""
    return _MAKERS[kind](rng)


def _bursts(parts: list[tuple[float, ...]], rng: Rng, *, length_s: float = 0.15) -> Samples:
    out = []
    for hertz in parts:
        level = rng.uniform(-20, -3)
        burst = signals.steady(int(length_s * SAMPLE_RATE_HZ), hertz, rng) * amplitude_of(level)
        out += [burst, np.zeros(int(0.06 * SAMPLE_RATE_HZ))]
    return np.concatenate(out)


def _single_tones(rng: Rng) -> Samples:
    return _bursts([(tone * (1 + rng.uniform(-0.02, 0.02)),) for tone in LOW_HZ + HIGH_HZ for _ in range(8)], rng)


def _call_progress(rng: Rng) -> Samples:
    return _bursts([hertz for hertz in CALL_PROGRESS_HZ for _ in range(3)], rng, length_s=0.5)


def _r2(rng: Rng) -> Samples:
    forward, backward = R2_HZ[6:], R2_HZ[:6]
    pairs = [(group[a], group[b]) for group in (forward, backward) for a in range(6) for b in range(a + 1, 6)]
    return _bursts([pair for pair in pairs for _ in range(2)], rng)


def _sit(rng: Rng) -> Samples:
    parts = [(hertz,) for hertz in SIT_HZ] + [(low, high) for low in SIT_HZ[:3] for high in SIT_HZ[3:]]
    offsets = (1.0, 1.004, 0.996)
    usable = [part for part in parts if len(part) == 1 or part[1] > 1700 or part[0] > 975]
    return _bursts([tuple(f * by for f in part) for part in usable for by in offsets], rng, length_s=0.33)


def _sweep(rng: Rng) -> Samples:
    """Return two sines that glide through both groups of tones at many rates."""
    out = []
    for seconds in (0.5, 1.0, 2.0, 4.0):
        count = int(seconds * SAMPLE_RATE_HZ)
        for up in (True, False):
            low = np.linspace(600, 1050, count)[:: 1 if up else -1]
            high = np.linspace(1100, 1750, count)[:: 1 if rng.random() < 0.5 else -1]
            phase = 2 * np.pi * np.cumsum([low, high], axis=1) / SAMPLE_RATE_HZ
            out.append(0.2 * np.sin(phase).sum(axis=0))
            out.append(np.zeros(800))
    return np.concatenate(out)


def _harmonics(rng: Rng) -> Samples:
    """Return low and high tones, each with its own harmonics 3 to 8 dB down, as voices and instruments have them."""
    out = []
    t = np.arange(int(0.15 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    for low in LOW_HZ:
        for high in HIGH_HZ:
            burst = np.zeros(t.size)
            for hertz in (low, high):
                for number, level in enumerate((0.0, -rng.uniform(3, 8), -rng.uniform(6, 12)), start=1):
                    if number * hertz < 3800:
                        burst += 10 ** (level / 20) * np.sin(2 * np.pi * number * hertz * t + rng.uniform(0, 6.28))
            out += [burst * amplitude_of(rng.uniform(-20, -8)), np.zeros(480)]
    return np.concatenate(out)


def _noise(rng: Rng) -> Samples:
    count = 20 * SAMPLE_RATE_HZ
    colour = np.cumsum(white_noise(count, rng))
    colour -= np.convolve(colour, np.ones(80) / 80, "same")
    return np.concatenate([0.1 * white_noise(count, rng), signals.scaled(colour, 0.01)])


def _music(rng: Rng) -> Samples:
    """Return chords of plucked strings on the tempered scale."""
    out = np.zeros(40 * SAMPLE_RATE_HZ)
    for at in range(0, out.size - SAMPLE_RATE_HZ, SAMPLE_RATE_HZ // 5):
        t = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
        for note in rng.integers(45, 88, rng.integers(1, 5)):
            pitch = 440 * 2 ** ((note - 69) / 12)
            for number in range(1, int(3800 / pitch) + 1):
                decay = np.exp(-t * rng.uniform(3, 10))
                out[at : at + SAMPLE_RATE_HZ] += (
                    decay * np.sin(2 * np.pi * pitch * number * t) / number ** rng.uniform(0.8, 2)
                )
    return signals.scaled(out, 0.01)


def _speech_like(rng: Rng) -> Samples:
    return 0.12 * signals.speech_like(120 * SAMPLE_RATE_HZ, rng)


_MAKERS: dict[NoKey, Callable[[Rng], Samples]] = {
    NoKey.SINGLE_TONES: _single_tones,
    NoKey.CALL_PROGRESS: _call_progress,
    NoKey.R2: _r2,
    NoKey.SIT: _sit,
    NoKey.SWEEP: _sweep,
    NoKey.HARMONICS: _harmonics,
    NoKey.NOISE: _noise,
    NoKey.MUSIC: _music,
    NoKey.SPEECH_LIKE: _speech_like,
}
