"""Decides by chance which packets never arrive."""

from __future__ import annotations

import numpy as np


class Losses:
    """Decides which packets are lost: within a burst all are, outside one none (E. N. Gilbert's model, 1960).

    Args:
        share: the share of all packets that is lost.
        burst: how many packets are lost together on average; 1 means that each is lost independently.
        chance: the random generator.
    """

    def __init__(self, share: float, burst: float, chance: np.random.Generator) -> None:
        ends = min(1 / burst, 1 - share)
        self._goes_on = 1 - ends
        self._begins = share * ends / (1 - share)
        self._chance = chance
        self._in_burst = False

    def next(self) -> bool:
        """Return whether the next packet is lost."""
        self._in_burst = bool(self._chance.random() < (self._goes_on if self._in_burst else self._begins))
        return self._in_burst
