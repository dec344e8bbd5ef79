from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import synthesize
from dsp.files.full_scale import FullScale

KEYS = synthesize("159", level_dbm0=-12)


def applied(*pieces: NDArray[Any], rate: int = 8000) -> tuple[list[NDArray[np.float32]], list[str]]:
    remarks: list[str] = []
    scale = FullScale(rate, remarks.append)
    return [scale.applied(np.asarray(piece, np.float32)) for piece in pieces], remarks


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("level", [1.0, 0.02])
def test_integers_are_divided_by_the_full_scale_that_they_fit(bits: int, level: float) -> None:
    keys = level * KEYS * (1.0 if bits == 16 else 1 / np.abs(KEYS).max())
    if bits > 16 and level < 1:
        keys = keys * 2
    (piece,), (remark,) = applied(keys * 2 ** (bits - 1))
    assert piece == pytest.approx(keys, rel=1e-5, abs=1e-6)
    assert f"integers of {bits} bits" in remark


def test_samples_within_full_scale_are_left_as_they_are() -> None:
    (piece,), remarks = applied(KEYS)
    assert np.array_equal(piece, KEYS.astype(np.float32))
    assert remarks == []


@pytest.mark.parametrize("damage", [1e30, np.inf, np.nan])
def test_a_few_damaged_samples_are_no_scale(damage: float) -> None:
    damaged = KEYS.astype(np.float32)
    damaged[:20] = damage
    (piece,), remarks = applied(damaged)
    assert np.array_equal(piece, damaged, equal_nan=True)
    assert remarks == []


def test_damage_among_integers_does_not_hide_their_scale() -> None:
    keys = (KEYS * 32768).astype(np.float32)
    keys[:20] = 1e30
    (piece,), (remark,) = applied(keys)
    assert piece[20:] == pytest.approx(KEYS[20:], abs=1e-6)
    assert "16 bits" in remark


def test_audio_that_is_only_too_loud_is_left_to_be_clipped_and_that_is_said_once() -> None:
    pieces, (remark,) = applied(5 * KEYS, 5 * KEYS)
    assert np.array_equal(pieces[0], (5 * KEYS).astype(np.float32))
    assert f"{5 * np.abs(KEYS).max():.1f} times full scale" in remark


def test_the_scale_of_a_piece_is_that_of_those_after_it() -> None:
    (_, second), remarks = applied(32768 * KEYS, 0.001 * 32768 * KEYS)
    assert second == pytest.approx(0.001 * KEYS, abs=1e-6)
    assert len(remarks) == 1
