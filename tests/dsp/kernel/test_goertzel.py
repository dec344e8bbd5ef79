"""The matrix product is Goertzel's recursion."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from dsp.kernel import goertzel
from dsp.tones import HIGH_HZ, LOW_HZ
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

ALL_TONES = LOW_HZ + HIGH_HZ


def goertzel_recursion(samples: NDArray[np.float64], hertz: float) -> complex:
    """Compute s[n] = x[n] + 2 cos(w) s[n-1] - s[n-2], then y = s[N-1] - exp(-jw) s[N-2], turned to the first sample."""
    w = 2 * np.pi * hertz / SAMPLE_RATE_HZ
    state = lfilter([1.0], [1.0, -2 * np.cos(w), 1.0], samples)
    return complex((state[-1] - np.exp(-1j * w) * state[-2]) * np.exp(-1j * w * (len(samples) - 1)))


@pytest.mark.parametrize("length", [goertzel.HOP, goertzel.HALF, FRAME_SAMPLES])
@pytest.mark.parametrize("tone", range(8))
def test_bins_agree_with_the_recursion_to_rounding(tone: int, length: int) -> None:
    rng = np.random.default_rng(tone)
    samples = rng.standard_normal(length)
    products = samples @ goertzel.bins(ALL_TONES, length)
    expected = goertzel_recursion(samples, ALL_TONES[tone])
    assert products[tone] - 1j * products[tone + 8] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("tone", range(8))
def test_the_screens_float32_bins_agree_with_the_recursion_over_samples_freed_of_nuisances(tone: int) -> None:
    rng = np.random.default_rng(tone)
    samples = np.rint(rng.uniform(-32768, 32767, goertzel.HALF))
    columns, _ = goertzel.screen_columns()
    nuisance = goertzel.nuisance_basis(goertzel.HALF, goertzel.HALF_NUISANCES)
    freed = samples - nuisance @ (nuisance.T @ samples)
    products = samples.astype(np.float32) @ columns
    expected = goertzel_recursion(freed, ALL_TONES[tone])
    assert products[tone] - 1j * products[tone + 8] == pytest.approx(expected, abs=32768 * 80 * 1e-6)


@pytest.mark.parametrize("hertz", [0.0, 50.0, 60.0, 120.0, 150.0, 250.0, 300.0, 350.0, 400.0, 425.0, 440.0])
def test_what_lies_below_the_tones_is_taken_out(hertz: float) -> None:
    t = np.arange(goertzel.HOP) / SAMPLE_RATE_HZ
    basis = goertzel.nuisance_basis(goertzel.HOP, goertzel.HOP_NUISANCES)
    for phase in np.linspace(0.1, np.pi, 7):
        samples = np.cos(2 * np.pi * hertz * t + phase)
        left = samples - basis @ (basis.T @ samples)
        assert left @ left <= 0.05 * (samples @ samples)


def test_the_tones_are_left_in() -> None:
    t = np.arange(goertzel.HOP) / SAMPLE_RATE_HZ
    basis = goertzel.nuisance_basis(goertzel.HOP, goertzel.HOP_NUISANCES)
    for hertz in ALL_TONES:
        samples = np.cos(2 * np.pi * hertz * t)
        left = samples - basis @ (basis.T @ samples)
        assert left @ left >= 0.85 * (samples @ samples)


def test_pair_columns_give_the_amplitudes_of_their_pair_and_the_triangles_its_whole_energy() -> None:
    t = np.arange(goertzel.HOP) / SAMPLE_RATE_HZ
    for key, (low, high) in enumerate(goertzel.key_frequencies()):
        z_low, z_high = 3 * np.exp(0.7j), 2 * np.exp(-1.9j)
        samples = (z_low * np.exp(2j * np.pi * low * t) + z_high * np.exp(2j * np.pi * high * t)).real
        products = samples @ goertzel.pair_columns()[key].astype(np.float64)
        energy = samples @ samples - np.sum(products[4:] ** 2)
        explained = goertzel.pair_triangles()[key].astype(np.float64) @ products[:4]
        assert np.sum(explained**2) == pytest.approx(energy, rel=1e-4)
        assert products[0] + 1j * products[1] == pytest.approx(z_low, rel=1e-4)
        assert products[2] + 1j * products[3] == pytest.approx(z_high, rel=1e-4)


def test_the_triangles_give_the_energy_of_what_the_pair_explains_of_any_signal() -> None:
    rng = np.random.default_rng(3)
    clean, _ = goertzel.clean_bins(goertzel.HOP, goertzel.HOP_NUISANCES)
    for key in range(16):
        samples = rng.standard_normal(goertzel.HOP)
        pair = clean[:, [key // 4, key // 4 + 8, 4 + key % 4, 12 + key % 4]]
        fitted = pair @ np.linalg.lstsq(pair, samples)[0]
        explained = goertzel.pair_triangles()[key] @ (samples @ goertzel.pair_columns()[key])[:4]
        assert np.sum(explained**2) == pytest.approx(fitted @ fitted, rel=1e-4)
