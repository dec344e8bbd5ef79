"""The check of a bank's slots before they are fed. Compiled code."""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from dsp.kernel.compiled import outer

CLOSED, UNORDERED, UNEQUAL = -1, -2, -3
"""Why there is no common number: a slot is not open; slots do not ascend, and one may be named twice; the channels
hold different numbers of samples."""
_NO_SLOT: Final = -1


@outer(numba.int64[::1], numba.boolean[::1], numba.int64[::1])
def held(slots: NDArray[np.int64], busy: NDArray[np.bool_], filled: NDArray[np.int64]) -> int:
    """How many samples of a part of a frame each of these channels holds, if they are open, and it is the same number.

    Args:
        slots: (n,).
        busy: which slots are open.
        filled: samples that each slot holds.

    Returns:
        The number, or CLOSED, or else UNORDERED, or else UNEQUAL.
    """
    before = _NO_SLOT
    ascending = equal = True
    for slot in slots:
        if slot < 0 or slot >= len(busy) or not busy[slot]:
            return CLOSED
        ascending = ascending and slot > before
        equal = equal and filled[slot] == filled[slots[0]]
        before = slot
    if not ascending:
        return UNORDERED
    if not equal:
        return UNEQUAL
    return filled[slots[0]] if len(slots) else 0
