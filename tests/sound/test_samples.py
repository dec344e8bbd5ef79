"""Each conversion between int16 and float samples undoes the other, whatever comes in."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import DTypeLike, NDArray

from sound.samples import to_float32, to_int16
from sound.telephone import FULL_SCALE

EVERY_VALUE = np.arange(-32768, 32768).astype(np.int16)


def test_all_65536_values_come_back_from_floats_as_they_were() -> None:
    assert np.array_equal(to_int16(to_float32(EVERY_VALUE)), EVERY_VALUE)
    assert np.array_equal(to_int16(to_float32(EVERY_VALUE).astype(np.float64)), EVERY_VALUE)


def test_floats_run_from_minus_one_to_one_step_below_one() -> None:
    floats = to_float32(EVERY_VALUE)
    assert floats.dtype == np.float32
    assert (floats[0], floats[32768], floats[-1]) == (-1.0, 0.0, 1.0 - 1 / FULL_SCALE)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floats_are_rounded_to_the_nearest_integer_and_clipped_at_the_ends(dtype: DTypeLike) -> None:
    steps = np.array([0.0, 0.4, 0.6, -0.6, 1.5, 2.5, 16384.0]) / FULL_SCALE
    samples = np.concatenate([steps, [-1.0, 1.0, -1.5, 60_000.0]]).astype(dtype)
    assert to_int16(samples).tolist() == [0, 0, 1, -1, 2, 2, 16384, -32768, 32767, -32768, 32767]


@given(arrays(np.float32, array_shapes(max_dims=2), elements=st.floats(width=32)))
def test_whatever_floats_come_they_stay_within_full_scale_and_half_a_step_of_what_they_were(
    samples: NDArray[np.float32],
) -> None:
    floats, integers = to_float32(samples), to_int16(samples)
    assert floats.shape == integers.shape == samples.shape
    assert np.isfinite(floats).all()
    assert np.abs(floats).max() <= 1.0
    highest = np.float32(1 - 1 / FULL_SCALE)
    assert np.abs(to_float32(integers) - floats.clip(-1.0, highest)).max() <= 0.5 / FULL_SCALE
    assert not integers[np.isnan(samples)].any()


def test_integers_and_floats_within_full_scale_are_handed_back_without_a_change() -> None:
    assert to_int16(EVERY_VALUE) is EVERY_VALUE
    within = np.array([-1.0, -0.25, 0.3, 1.0], np.float32)
    assert np.array_equal(to_float32(within), within)


@pytest.mark.parametrize("convert", [to_float32, to_int16])
@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.complex64, ">i2"])
def test_samples_of_another_type_are_refused_by_its_name(
    convert: Callable[[NDArray[Any]], NDArray[Any]], dtype: DTypeLike
) -> None:
    with pytest.raises(TypeError, match=f"samples of type {np.dtype(dtype)}; give int16, or float"):
        convert(np.zeros(4, dtype))
