"""Checks a bank's slots before they are fed. Compiled code."""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from dsp.kernel.compiled import outer

CLOSED, UNORDERED, UNEQUAL = -1, -2, -3
"""Why there is no common number: a slot is not open; the slots do not ascend, so that one may be named twice; the
channels hold different numbers of samples."""
_NO_SLOT: Final = -1


@outer(numba.int64[::1], numba.boolean[::1], numba.int64[::1])
def held(slots: NDArray[np.int64], busy: NDArray[np.bool_], filled: NDArray[np.int64]) -> int:
    """Return how many samples of a part of a frame these channels hold, if all are open and hold the same number.

    Args:
        slots: the channels' slots, (n,).
        busy: which slots are open.
        filled: how many samples each slot holds.

    Returns:
        The number; else the first of CLOSED, UNORDERED and UNEQUAL that is true.
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
