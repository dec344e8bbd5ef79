"""The rhythm in which a caller presses: whether an entry goes on into the next step before that is asked for.

What follows from that: docs/rules.md 2.11.
"""

from __future__ import annotations

import math
from typing import Final

LONGER: Final = 1.5
"""A key that comes later than this times the longest time between two keys is out of the rhythm."""


class Rhythm:
    """The times of the keys of two entries in a row, in rising seconds of any clock."""

    def __init__(self) -> None:
        self._last = -math.inf
        self._longest = 0.0
        self._longest_before = 0.0
        self._first = True
        self._ran_on = False

    @property
    def ran_on(self) -> bool:
        """Whether this entry's first key followed the last of the entry before in the rhythm of that."""
        return self._ran_on

    def key(self, now: float) -> None:
        """A key that counts."""
        since = now - self._last
        self._last = now
        if self._first:
            self._ran_on = since <= LONGER * self._longest_before
            self._first = False
        else:
            self._longest = max(self._longest, since)

    def entry_ended(self) -> None:
        """What comes next belongs to another entry."""
        self._longest_before, self._longest = self._longest, 0.0
        self._first = True
        self._ran_on = False
