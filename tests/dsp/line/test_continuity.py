"""A tone goes on across a gap if its phases do."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import KEYS
from dsp.line.continuity import LONGEST, Pair, goes_on, pair_in, weaker
from dsp.tones import key_tones
from sound.telephone import FRAME_SAMPLES as FRAME

TRIES = 200


def tone(chance: np.random.Generator, key: str, samples: int, *, snr_db: float = 40.0) -> NDArray[np.float64]:
    """Return a key as a bad telephone may send it: off its frequencies, twisted, with noise and random phases."""
    at = np.arange(samples) / 8000
    off, phase = chance.uniform(0.985, 1.015, 2), chance.uniform(0, 2 * np.pi, 2)
    low, high = key_tones(key)
    pair: NDArray[np.float64] = np.cos(2 * np.pi * low * off[0] * at + phase[0])
    pair += 10 ** (chance.uniform(-5, 5) / 20) * np.cos(2 * np.pi * high * off[1] * at + phase[1])
    pair *= 3000
    noise: NDArray[np.float64] = chance.standard_normal(samples) * np.sqrt(np.mean(pair**2) / 10 ** (snr_db / 10))
    return pair + noise


def edges(signal: NDArray[np.float64]) -> tuple[Pair, Pair]:
    before, after = pair_in(signal[:FRAME]), pair_in(signal[-FRAME:])
    assert before is not None
    assert after is not None
    return before, after


@pytest.mark.parametrize("frames", [1, 2, 4, 6])
@pytest.mark.parametrize("snr_db", [40.0, 20.0, 15.0])
def test_a_key_that_was_held_over_a_gap_goes_on(frames: int, snr_db: float) -> None:
    chance = np.random.default_rng(frames)
    held = 0
    for _ in range(TRIES):
        signal = tone(chance, chance.choice(list(KEYS)), (frames + 2) * FRAME, snr_db=snr_db)
        held += goes_on(*edges(signal), FRAME, frames * FRAME)
    assert held >= 0.98 * TRIES


@pytest.mark.parametrize("frames", [2, 4, 6])
def test_a_key_that_was_pressed_again_agrees_by_chance_only(frames: int) -> None:
    chance = np.random.default_rng(frames)
    agreed = 0
    for _ in range(TRIES):
        key = chance.choice(list(KEYS))
        signal = np.concatenate([tone(chance, key, FRAME), tone(chance, key, FRAME)])
        agreed += goes_on(*edges(signal), FRAME, frames * FRAME)
    assert agreed <= 0.03 * TRIES


def test_another_key_does_not_go_on_and_none_goes_on_for_ever() -> None:
    chance = np.random.default_rng(1)
    one, two = tone(chance, "1", FRAME), tone(chance, "2", FRAME)
    assert not goes_on(*edges(np.concatenate([one, two])), FRAME, 2 * FRAME)
    assert not goes_on(*edges(tone(chance, "1", LONGEST + 3 * FRAME)), FRAME, LONGEST + FRAME)


def test_a_block_that_is_not_all_of_one_key_holds_no_pair() -> None:
    chance = np.random.default_rng(2)
    key = tone(chance, "5", FRAME)
    half = np.where(np.arange(FRAME) < FRAME // 2, key, 0.0)
    single = 3000 * np.cos(2 * np.pi * 770 * np.arange(FRAME) / 8000)
    noise = 3000 * chance.standard_normal(FRAME)
    assert [pair_in(frame) for frame in (half, single, noise, np.zeros(FRAME), np.ones(FRAME))] == [None] * 5


@pytest.mark.parametrize(("by_db", "expected"), [(0.0, False), (2.0, False), (5.0, True), (12.0, True)])
def test_what_is_left_of_an_echo_is_weaker_than_a_key_that_is_pressed_again(by_db: float, expected: bool) -> None:
    signal = tone(np.random.default_rng(3), "4", 4 * FRAME)
    signal[-FRAME:] *= 10 ** (-by_db / 20)
    assert weaker(*edges(signal)) == expected
