"""Which packets never arrive."""

from __future__ import annotations

import numpy as np


class Losses:
    """Which packets are lost, by chance: within a burst all are, outside of one none (E. N. Gilbert's model, 1960).

    Args:
        share: of all packets.
        burst: how many are lost together in the mean; 1: each by a chance of its own.
        chance: makes it.
    """

    def __init__(self, share: float, burst: float, chance: np.random.Generator) -> None:
        ends = min(1 / burst, 1 - share)
        self._goes_on = 1 - ends
        self._begins = share * ends / (1 - share)
        self._chance = chance
        self._in_burst = False

    def next(self) -> bool:
        """Whether the next packet is lost."""
        self._in_burst = bool(self._chance.random() < (self._goes_on if self._in_burst else self._begins))
        return self._in_burst
