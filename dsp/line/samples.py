"""The types that the functions of a line share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
"""Samples at 8 kHz, full scale 1.0, shape (samples,)."""
Places = NDArray[np.int64]
"""The places of samples in the stream, shape (samples,)."""
Marks = NDArray[np.bool_]
"""Which samples are meant, shape (samples,)."""


def places(count: int, first: int = 0) -> Places:
    """Return the places of `count` samples in a row, starting with `first`."""
    return np.arange(first, first + count)
