"""Remembers how late the media clock was in the last seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ivr.records.vitals import BEAT_S

SECONDS: Final = BEAT_S
"""The most delayed tick is remembered this long at least, so that a beat reports it; while the clock ticks, twice as
long at most."""


class Lateness:
    """Remembers how late the most delayed tick of the last seconds was. Threads may read it.

    Args:
        clock: gives seconds that rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._before = self._now = 0.0

    def add(self, seconds: float) -> None:
        """Note a tick that came `seconds` after its time."""
        if self._clock() - self._since > SECONDS:
            self._since, self._before, self._now = self._clock(), self._now, 0.0
        self._now = max(self._now, seconds)

    @property
    def most_s(self) -> float:
        """How late, in seconds, the most delayed of the ticks was."""
        return max(self._now, self._before)  # in this order: `add`, in another thread, may move the one into the other
