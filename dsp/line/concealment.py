"""Fills in for frames that are known to be lost.

A tone pair goes on in a gap as it was before it, and was already in it as it is after it. So the first half of a gap is
extrapolated from the frame before it, and the second half backwards from the frame after it. A tone that was cut is
whole again (its phase meets in the middle, or jumps as the receiver expects at a splice), and a pause keeps its length.
Extrapolation is by linear prediction; its coefficients are Burg's (J. P. Burg, Maximum entropy spectral analysis,
1967), which are stable for any frame and sharp for one as short as 20 ms.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dsp.kernel.prediction import predicted
from sound.samples import to_int16
from sound.telephone import FULL_SCALE

ORDER: Final = 24
"""The order of the prediction. Two tones need 4; the rest is for noise, hum and speech around them."""
QUIET: Final = 64
"""A frame whose samples stay below this (a tone of -51 dBm0) holds no key, so silence continues it well enough."""


def conceal(before: NDArray[Any], after: NDArray[Any], samples: int) -> NDArray[np.int16]:
    """Return audio in place of what was lost between two frames.

    Args:
        before: the frame before the gap, 8 kHz, in the range of int16; at least `ORDER` + 1 samples.
        after: the frame after it, likewise.
        samples: length of the gap in samples.

    Returns:
        int16, shape (samples,).

    Raises:
        ValueError: a frame is too short to predict from.
    """
    if min(len(before), len(after)) <= ORDER:
        raise ValueError(f"frames of {len(before)} and {len(after)} samples; concealment needs more than {ORDER}")
    half = samples // 2
    forward = _continued(before.astype(np.float64), samples - half)
    backward = _continued(after[::-1].astype(np.float64), half)[::-1]
    return to_int16(np.concatenate([forward, backward]) / FULL_SCALE)


def _continued(frame: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    """Return what linear prediction expects after a frame."""
    if np.abs(frame).max() < QUIET:
        return np.zeros(samples)
    return predicted(burg(frame, ORDER), np.ascontiguousarray(frame), samples)


def burg(frame: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return the prediction error filter of a frame, by Burg's recursion on forward and backward errors.

    Args:
        frame: samples, shape (n,), n > order.
        order: how many samples the prediction looks back.

    Returns:
        Coefficients, shape (order + 1,), the first of them 1.
    """
    coefficients = np.zeros(order + 1)
    coefficients[0] = 1.0
    forward, backward = frame[1:], frame[:-1]
    for step in range(1, order + 1):
        energy = forward @ forward + backward @ backward
        if energy <= 0.0:  # silence, or predicted without an error
            break
        reflection = -2.0 * (forward @ backward) / energy
        coefficients[1 : step + 1] += reflection * coefficients[step - 1 :: -1][:step]
        forward, backward = (forward + reflection * backward)[1:], (backward + reflection * forward)[:-1]
    return coefficients
