"""The caller's audio as curves: the waveform's outline and the spectrogram, for whatever draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from dsp.tones import FULL_SCALE_DBM0
from sound.samples import to_float32
from sound.telephone import SAMPLE_RATE_HZ

TOP_HZ: Final = 2000.0
FLOOR_DBM0: Final = -55.0
CEILING_DBM0: Final = -5.0
_WINDOW: Final = 256
_STEP: Final = 64
_BINS: Final = 512
"""Of 15.6 Hz each: the closest tones are 73 Hz apart."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The lowest and highest sample in each of some equal stretches, full scale being 1.0; shape (stretches,)."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def outline(audio: NDArray[np.int16], stretches: int) -> Outline:
    """The outline of a waveform."""
    edges = np.linspace(0, len(audio), stretches + 1).astype(np.int64)[:-1]
    scaled = to_float32(np.append(audio, np.int16(0))).astype(np.float64)
    return Outline(np.minimum.reduceat(scaled, edges), np.maximum.reduceat(scaled, edges))


def spectrogram(audio: NDArray[np.int16], columns: int) -> NDArray[np.float64]:
    """How strong each frequency is at each time, from 0.0 (the floor, and below) to 1.0.

    Args:
        audio: int16 at 8 kHz, shape (samples,).
        columns: at most so many points of time.

    Returns:
        Shape (frequencies from 0 to `TOP_HZ`, times).
    """
    samples = np.pad(to_float32(audio).astype(np.float64), (0, max(_WINDOW - len(audio), 0)))
    transform = ShortTimeFFT(hann(_WINDOW, sym=False), _STEP, SAMPLE_RATE_HZ, mfft=_BINS, scale_to="magnitude")
    magnitude = np.abs(transform.stft(samples, p0=0, p1=len(samples) // _STEP))
    level = 20 * np.log10(np.maximum(2 * magnitude[transform.f <= TOP_HZ], 1e-6)) + FULL_SCALE_DBM0
    shown: NDArray[np.float64] = ((level - FLOOR_DBM0) / (CEILING_DBM0 - FLOOR_DBM0)).clip(0.0, 1.0)
    if shown.shape[1] <= columns:
        return shown
    edges = np.linspace(0, shown.shape[1], columns + 1).astype(np.int64)[:-1]
    return np.maximum.reduceat(shown, edges, axis=1)  # a short key in a long call must not fall between two columns
