"""Concealment of lost frames: a tone goes on, and a pause stays a pause."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dsp import decode, synthesize
from dsp.line.concealment import ORDER, burg, conceal
from sound.samples import to_int16


def lossy(keys: str, *, tone_s: float, pause_s: float, loss: float, seed: int, stand_in: bool) -> str:
    """Return the keys heard after packets of 20 ms were lost, and were either left out or concealed."""
    chance = np.random.default_rng(seed)
    clean = synthesize(keys, tone_s=tone_s, pause_s=pause_s, lead_s=chance.uniform(0.1, 0.2), rng=chance)
    frames = to_int16(np.concatenate([clean, np.zeros(1600)]))
    frames = frames[: len(frames) // 160 * 160].reshape(-1, 160)
    kept = chance.random(len(frames)) >= loss
    out, before, missing = [], np.zeros(160, np.int16), 0
    for frame, arrived in zip(frames, kept, strict=True):
        if not arrived:
            missing += 1
            continue
        if missing and stand_in:
            out.append(conceal(before, frame, missing * 160))
        out.append(frame)
        before, missing = frame, 0
    return decode(np.concatenate(out))


def test_a_tone_pair_goes_on_through_the_gap_as_it_was() -> None:
    t = np.arange(480) / 8000
    pair = 9000 * np.sin(2 * np.pi * 697 * t) + 7000 * np.sin(2 * np.pi * 1477 * t + 1.0)
    filled = conceal(pair[:160], pair[320:], 160)
    assert np.abs(filled - pair[160:320]).max() < 0.02 * 16000


def test_short_keys_through_heavy_losses_are_heard_where_gaps_are_filled() -> None:
    chance = np.random.default_rng(7)
    sent = ["".join(chance.choice(list("0123456789*#"), 28)) for _ in range(60)]

    def right(*, stand_in: bool) -> int:
        return sum(
            lossy(keys, tone_s=0.06, pause_s=0.06, loss=0.05, seed=seed, stand_in=stand_in) == keys
            for seed, keys in enumerate(sent)
        )

    assert right(stand_in=True) >= 57
    assert right(stand_in=False) < right(stand_in=True)


def test_silence_goes_on_as_silence() -> None:
    assert not conceal(np.zeros(160), np.zeros(160), 320).any()


@given(
    arrays(np.int16, 160, elements=st.integers(-32768, 32767)),
    arrays(np.int16, 160, elements=st.integers(-32768, 32767)),
    st.integers(0, 640),
)
def test_any_blocks_give_samples_in_range_of_the_length_asked_for(
    before: np.ndarray, after: np.ndarray, samples: int
) -> None:
    filled = conceal(before, after, samples)
    assert filled.shape == (samples,)
    assert filled.dtype == np.int16


@given(arrays(np.int16, 160, elements=st.integers(-32768, 32767)))
def test_the_prediction_is_stable(frame: np.ndarray) -> None:
    roots = np.roots(burg(frame.astype(float), ORDER))
    assert roots.size == 0 or np.abs(roots).max() < 1.0 + 1e-6


def test_a_block_too_short_to_tell_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 24"):
        conceal(np.zeros(24), np.zeros(160), 160)
