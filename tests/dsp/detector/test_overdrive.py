"""Overdriven keys are heard; other signals with as much beside the pair are not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import KEYS, NTT, decode, ulaw_decode, ulaw_encode
from dsp.tones import key_tones
from sound.telephone import SAMPLE_RATE_HZ

PAUSE = np.zeros(800)


def pair(chance: np.random.Generator, key: str, seconds: float) -> NDArray[np.float64]:
    """Return a key off its frequencies, twisted, with random phases; its peak is 1."""
    at = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    off, phase = chance.uniform(0.985, 1.015, 2), chance.uniform(0, 2 * np.pi, 2)
    low, high = np.array(key_tones(key)) * off
    twist = 10 ** (chance.uniform(-3, 3) / 20)
    wave = np.cos(2 * np.pi * low * at + phase[0]) + twist * np.cos(2 * np.pi * high * at + phase[1])
    return np.asarray(wave / np.abs(wave).max())


def sent(parts: list[NDArray[np.float64]]) -> NDArray[np.int16]:
    wave = np.concatenate([part for burst in parts for part in (PAUSE, burst)] + [PAUSE])
    return ulaw_decode(ulaw_encode(np.rint(wave * 12000).astype(np.int16)))


@pytest.mark.parametrize("by_db", [6, 8, 9, 10, 12, 15, 18])
@pytest.mark.parametrize("seconds", [0.045, 0.06, 0.1])
def test_keys_that_are_cut_off_at_their_peaks_are_heard(by_db: int, seconds: float) -> None:
    chance = np.random.default_rng(by_db)
    ceiling = 10 ** (-by_db / 20)
    bursts = [np.clip(pair(chance, key, seconds), -ceiling, ceiling) / ceiling for key in KEYS]
    assert decode(sent(bursts)) == KEYS


def test_a_soft_overload_is_one_too() -> None:
    chance = np.random.default_rng(1)
    bursts = [np.tanh(4 * pair(chance, key, 0.08)) for key in KEYS]
    assert decode(sent(bursts)) == KEYS


def test_an_overdriven_key_that_the_profile_leaves_out_is_none() -> None:
    bursts = [np.clip(pair(np.random.default_rng(7), key, 0.1), -0.25, 0.25) / 0.25 for key in "A1D"]
    assert decode(sent(bursts), profile=NTT.without_letters()) == "1"


def test_a_pair_with_even_harmonics_is_no_key() -> None:
    chance = np.random.default_rng(2)
    at = np.arange(800) / SAMPLE_RATE_HZ
    bursts = []
    for key in KEYS:
        burst = np.zeros(800)
        for hertz in key_tones(key):
            for number, amplitude in ((1, 1.0), (2, 0.5), (3, 0.35)):
                burst += amplitude * np.cos(2 * np.pi * number * hertz * at + chance.uniform(0, 2 * np.pi))
        bursts.append(burst / np.abs(burst).max())
    assert decode(sent(bursts)) == ""


def test_a_pair_in_as_much_noise_is_no_key() -> None:
    chance = np.random.default_rng(3)
    bursts = []
    for key in KEYS:
        burst = pair(chance, key, 0.1)
        noise = chance.standard_normal(burst.size) * np.sqrt(np.mean(burst**2) / 10**0.7)
        bursts.append((burst + noise) / 2)
    assert decode(sent(bursts)) == ""


def test_a_pair_whose_products_have_phases_of_their_own_is_no_key() -> None:
    chance = np.random.default_rng(4)
    at = np.arange(800) / SAMPLE_RATE_HZ
    bursts = []
    for key in KEYS:
        low, high = key_tones(key)
        burst = pair(chance, key, 0.1)
        for m, n in ((3, 0), (0, 3), (2, 1), (2, -1), (1, 2), (-1, 2)):
            burst += 0.12 * np.cos(2 * np.pi * (m * low + n * high) * at + chance.uniform(0, 2 * np.pi))
        bursts.append(burst / np.abs(burst).max())
    heard = decode(sent(bursts))
    assert len(heard) <= 2


@pytest.mark.parametrize("delay_ms", [120, 180, 250])
@pytest.mark.parametrize("by_db", [9, 12])
def test_the_echo_of_an_overdriven_key_is_no_key_although_its_level_is_near(delay_ms: int, by_db: int) -> None:
    """Found by `tests.many_calls`: an echo 12 dB down that was clipped with its key was only 3 dB weaker."""
    chance = np.random.default_rng(5)
    ceiling = 10 ** (-by_db / 20)
    delay = delay_ms * SAMPLE_RATE_HZ // 1000
    bursts = []
    for key in KEYS:
        wave = np.zeros(round(0.5 * SAMPLE_RATE_HZ))
        press = pair(chance, key, 0.1)
        wave[: press.size] += press
        wave[delay : delay + press.size] += press * 10 ** (-12 / 20)
        bursts.append(np.clip(wave, -ceiling, ceiling) / ceiling)
    assert decode(sent(bursts)) == KEYS


def test_an_overdriven_key_that_is_pressed_again_is_another_one() -> None:
    chance = np.random.default_rng(6)
    bursts = [np.clip(pair(chance, key, 0.1), -0.25, 0.25) / 0.25 for key in KEYS for _ in range(2)]
    assert decode(sent(bursts)) == "".join(key * 2 for key in KEYS)
