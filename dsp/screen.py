"""The screen: which 20 ms blocks might hold a key, at a cost that every block of every channel can bear.

A block is seen as two windows of 10 ms, so that a phase jump (a lost packet) spoils one of them at most. The
energies of each tone's bin are added over the two; the strongest low and the strongest high tone must hold a
good share of the block's energy. Only blocks with two tones of fair level have that energy taken at all.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.goertzel import BLOCK, HALF, Floats, screen_columns
from dsp.tones import INT16_FULL_SCALE, amplitude_of

SHARE: Final = 0.33
"""Least share of the energy in the pair. One clean half of two is 0.5; tones 1.8 % off lose a fifth of that."""
SURE: Final = 0.65
"""Share of the energy that one of a lane's first two blocks must have. Every tone of 40 ms covers a block, or half
of one with the rest silent; of the blocks of speech that have SHARE one in eight has a neighbour with this."""
LOPSIDED: Final = 10 ** (-17 / 10)
"""Least ratio of the weaker to the stronger tone: the tightest twist test that no half-covered block fails."""
LEEWAY_DB: Final = 9.0
"""A block a third covered by the tone is this much weaker than the tone."""
CHUNK: Final = 3072
"""Blocks at a time: what the caches hold."""

_CLEAN, _NUISANCE = screen_columns()
# as arrays: numpy takes them faster than numbers
_LOPSIDED, _SHARE, _SURE, _ENERGY_OF_BIN = np.array([LOPSIDED, SHARE, SURE, 2 / HALF], np.float32).reshape(4, 1)
_ADD_HALVES: Final = np.tile(np.eye(8, dtype=np.float32), (4, 1))
"""(32, 8): sums the squares of cosine and sine products over the two halves of a block."""


class Sight(NamedTuple):
    """What the screen saw, for each block.

    Attributes:
        labels: index of the nearest key in `KEYS`, or -1 where none is likely.
        energies: energy in the pair, in sample units squared; 0 where the label is -1.
        sure: the pair has nearly all energy.
    """

    labels: NDArray[np.int8]
    energies: Floats
    sure: NDArray[np.bool_]


class Screen:
    """Looks at blocks of 160 samples; keeps its scratch memory between calls.

    Args:
        floor_dbm0: least level of a tone that must not be overlooked.
    """

    def __init__(self, floor_dbm0: float) -> None:
        amplitude = amplitude_of(floor_dbm0 - LEEWAY_DB) * INT16_FULL_SCALE
        self._floor = np.array(2 * (amplitude * HALF / 2) ** 2, np.float32)
        self._samples = np.empty((0, BLOCK), np.float32)
        self._products = np.empty((0, 16), np.float32)

    def look(self, blocks: NDArray[np.int16]) -> Sight:
        """Label blocks.

        Args:
            blocks: (n, 160) samples.
        """
        count = len(blocks)
        if count <= CHUNK:
            return self._look(blocks)
        parts = [self._look(blocks[at : at + CHUNK]) for at in range(0, count, CHUNK)]
        return Sight(
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.energies for part in parts]),
            np.concatenate([part.sure for part in parts]),
        )

    def _look(self, blocks: NDArray[np.int16]) -> Sight:
        count = len(blocks)
        if len(self._samples) < count:
            self._samples = np.empty((count, BLOCK), np.float32)
            self._products = np.empty((2 * count, 16), np.float32)
        samples, products = self._samples[:count], self._products[: 2 * count]
        np.copyto(samples, blocks)
        np.matmul(samples.reshape(-1, HALF), _CLEAN, out=products)
        np.multiply(products, products, out=products)
        tones = (products.reshape(count, 32) @ _ADD_HALVES).T.copy().reshape(2, 4, count)
        low, high = np.maximum.reduce(tones, axis=1)
        weaker = np.minimum(low, high)
        pair = np.add(low, high, out=low)
        likely = weaker > _LOPSIDED * pair
        likely &= weaker > self._floor
        labels = np.empty(count, np.int8)
        labels.fill(-1)
        energies = np.zeros(count, np.float32)
        sure = np.zeros(count, np.bool_)
        at = likely.nonzero()[0]
        if at.size:
            energy = pair.take(at)
            energy *= _ENERGY_OF_BIN
            if 2 * at.size > count:
                total = np.vecdot(samples, samples).take(at)
            else:
                chosen = samples.take(at, axis=0)
                total = np.vecdot(chosen, chosen)
            # the nuisances matter only where the share is not large with them, too
            muddy = (energy <= _SURE * total).nonzero()[0]
            if muddy.size:
                below = samples.take(at.take(muddy), axis=0).reshape(-1, HALF) @ _NUISANCE
                below = below.reshape(len(muddy), -1)
                total[muddy] -= np.vecdot(below, below)
            kept = (energy > _SHARE * total).nonzero()[0]
            if kept.size:
                at, energy = at.take(kept), energy.take(kept)
                energies[at] = energy
                sure[at] = energy > _SURE * total.take(kept)
                row, column = tones.take(at, axis=2).argmax(axis=1)
                labels[at] = 4 * row + column
        return Sight(labels, energies, sure)
