"""How late the media clock was lately."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SECONDS: Final = 10.0
"""How long the latest tick is remembered, and at most twice as long: as long as a service's beat."""


class Lateness:
    """Remembers the latest tick of the last seconds. Threads may read it.

    Args:
        clock: seconds that rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._before = self._now = 0.0

    def add(self, seconds: float) -> None:
        """A tick came so many seconds after its time."""
        if self._clock() - self._since > SECONDS:
            self._since, self._before, self._now = self._clock(), self._now, 0.0
        self._now = max(self._now, seconds)

    @property
    def most_s(self) -> float:
        """By how many seconds the latest of them was late."""
        return max(self._before, self._now)
