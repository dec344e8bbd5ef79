"""Solves least squares over a few columns. Compiled code, as `burst`."""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.kernel.compiled import inner
from dsp.kernel.goertzel import Floats

RIDGE: Final = 1e-3
"""The share of its energy that is added to each column's, so that every window can be solved."""


@inner
def least_squares(columns: Floats, samples: Floats, weights: Floats) -> np.float32:
    """Fill in the weights of the columns that explain the samples best, by Cholesky's method.

    Args:
        columns: (count, samples).
        samples: (samples,).
        weights: (count,), filled in.

    Returns:
        The share of the samples' energy that is left unexplained.
    """
    count = len(columns)
    lower = np.zeros((count, count))
    right = np.zeros(count)
    for row in range(count):
        for column in range(row + 1):
            lower[row, column] = np.sum(columns[row] * columns[column])
        right[row] = np.sum(columns[row] * samples)
        lower[row, row] *= 1 + RIDGE
    explained = 0.0
    for row in range(count):
        for column in range(row + 1):
            total = lower[row, column]
            for n in range(column):
                total -= lower[row, n] * lower[column, n]
            lower[row, column] = total / lower[column, column] if column < row else np.sqrt(total)
        total = right[row]
        for n in range(row):
            total -= lower[row, n] * right[n]
        right[row] = total / lower[row, row]
        explained += right[row] ** 2
    for row in range(count - 1, -1, -1):
        total = right[row]
        for n in range(row + 1, count):
            total -= lower[n, row] * weights[n]
        weights[row] = total / lower[row, row]
    energy = np.sum(samples * samples)
    return np.float32(1 - explained / max(energy, 1e-6))
