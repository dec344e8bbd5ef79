"""Goertzel's bins as matrix products.

The Goertzel recursion  s[n] = x[n] + 2 cos(w) s[n-1] - s[n-2]  ends, after N samples, with
y = s[N-1] - exp(-jw) s[N-2] = exp(jw(N-1)) * sum x[n] exp(-jwn)  (G. Goertzel, "An algorithm for the evaluation
of finite trigonometric series", Amer. Math. Monthly 65, 1958). The sum is a product of the samples with a
cosine and a sine column, so that all tones of all windows of all channels are one matrix product.

The same columns remove what is not signal. Within a short window, everything below 450 Hz (direct current, mains hum
and its harmonics, dial tone) lies almost wholly in a space of few dimensions N. If the columns B are made orthogonal to
it, B'x = (B - NN'B)'x, no filter has to run over the samples.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.tones import HIGH_HZ, LOW_HZ
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

HALF: Final = 80
"""Samples in a window of the screen (10 ms)."""
HOP: Final = 40
"""Samples in a window of the measurements (5 ms)."""
HOPS: Final = FRAME_SAMPLES // HOP
NUISANCE_HZ: Final = 450.0

Floats = NDArray[np.float32]


def bins(frequencies_hz: tuple[float, ...], length: int) -> NDArray[np.float64]:
    """Return cosine columns, then sine columns, shape (length, 2 * tones): x @ bins is (Re, -Im) of each sum."""
    angle = 2 * np.pi * np.outer(np.arange(length), frequencies_hz) / SAMPLE_RATE_HZ
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=1)


def nuisance_basis(length: int, dimensions: int) -> NDArray[np.float64]:
    """Return orthonormal columns that hold most of any signal below 450 Hz, shape (length, dimensions).

    They are the leading eigenvectors of the covariance of noise in that band, the discrete prolate spheroidal sequences
    (D. Slepian, Bell System Tech. J. 57, 1978). With 40 samples and 6 dimensions they remove 97 % or more of any tone
    from 0 to 440 Hz, and leave 91 % of 697 Hz; with 80 and 10 it is 95 % and 96 %.
    """
    lag = np.arange(length)[:, None] - np.arange(length)
    covariance = np.sinc(2 * NUISANCE_HZ / SAMPLE_RATE_HZ * lag)
    _, vectors = np.linalg.eigh(covariance)
    return np.ascontiguousarray(vectors[:, ::-1][:, :dimensions])


def clean_bins(length: int, dimensions: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bins of the eight tones, orthogonal to the nuisance basis, and that basis."""
    nuisance = nuisance_basis(length, dimensions)
    columns = bins(LOW_HZ + HIGH_HZ, length)
    return columns - nuisance @ (nuisance.T @ columns), nuisance


HALF_NUISANCES: Final = 10
HOP_NUISANCES: Final = 6


@cache
def screen_columns() -> tuple[Floats, Floats]:
    """Return the screen's clean bins (80, 16) and nuisance basis (80, 10)."""
    clean, nuisance = clean_bins(HALF, HALF_NUISANCES)
    return clean.astype(np.float32), nuisance.astype(np.float32)


def _pair_bins(key: int, clean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cosine and sine columns of the low, then the high tone, (40, 4).

    x[n] = Re(z exp(jwn)) is these columns times Re z and Im z.
    """
    low, high = key // 4, 4 + key % 4
    pair: NDArray[np.float64] = clean[:, [low, low + 8, high, high + 8]] * np.array([1, -1, 1, -1])
    return pair


@cache
def pair_columns() -> Floats:
    """Return the columns of the measurements: 10 for each key, shape (16, 40, 10).

    Columns 0-3 give the least-squares amplitudes of the tones, Re and Im of the low one, then of the high one:
    x[n] = Re(z_low exp(j w_low n)) + Re(z_high exp(j w_high n)). Columns 4-9 are the nuisance basis.
    """
    clean, nuisance = clean_bins(HOP, HOP_NUISANCES)
    columns = np.empty((16, HOP, 10))
    for key in range(16):
        columns[key, :, :4] = np.linalg.pinv(_pair_bins(key, clean)).T
        columns[key, :, 4:] = nuisance
    return columns.astype(np.float32)


@cache
def pair_triangles() -> Floats:
    """Return R of each key's pair, shape (16, 4, 4): a pair with amplitudes z (4) explains the energy |R z|^2.

    The pair's bins are P = Q R, with Q orthonormal. The energy is |Q'x|^2 = |Q'P z|^2, because x is P z plus a rest
    that Q does not see.
    """
    clean, _ = clean_bins(HOP, HOP_NUISANCES)
    return np.array([np.linalg.qr(_pair_bins(key, clean))[1] for key in range(16)], np.float32)


@cache
def hop_rotation() -> NDArray[np.complex64]:
    """Return exp(-j w HOP) of each key's low and high tone, shape (16, 2): it removes the nominal phase advance."""
    pairs = np.array([(low, high) for low in LOW_HZ for high in HIGH_HZ])
    return np.exp(-2j * np.pi * pairs * HOP / SAMPLE_RATE_HZ).astype(np.complex64)


@cache
def key_frequencies() -> Floats:
    """Return the low and high frequency of each key in Hz, shape (16, 2)."""
    return np.array([(low, high) for low in LOW_HZ for high in HIGH_HZ], np.float32)
