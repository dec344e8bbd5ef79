"""Converts samples between 16-bit integers and floats with full scale 1.0; each way is the inverse of the other.

Both divide and multiply by 32768. As this is a power of two, a float holds every int16 sample exactly, and all 65,536
values come back as they were. (A program that multiplies by 32767 loses a step in half of them.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sound.telephone import FULL_SCALE


def to_float32(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Return samples as finite floats within full scale 1.0.

    Args:
        samples: int16, or float with full scale 1.0; of any shape and rate.

    Returns:
        The same shape. Floats beyond full scale are clipped to it; not-a-number becomes silence.

    Raises:
        TypeError: the samples are neither int16 nor float.
    """
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / np.float32(FULL_SCALE)
    return _within_full_scale(samples).astype(np.float32)


def to_int16(samples: NDArray[Any]) -> NDArray[np.int16]:
    """Return samples as 16-bit integers.

    Args:
        samples: float with full scale 1.0, or int16, which is returned as it is; of any shape and rate.

    Returns:
        The same shape. Floats are rounded to the nearest integer (halves to the even one) and clipped to -32768 and
        32767; not-a-number becomes silence.

    Raises:
        TypeError: the samples are neither int16 nor float.
    """
    if samples.dtype == np.int16:
        return samples
    rounded: NDArray[Any] = np.rint(_within_full_scale(samples) * np.float32(FULL_SCALE))
    return rounded.clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _within_full_scale(samples: NDArray[Any]) -> NDArray[Any]:
    if samples.dtype.kind != "f":
        raise TypeError(f"samples of type {samples.dtype}; give int16, or float with full scale 1.0")
    within: NDArray[Any] = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0)
    return within
