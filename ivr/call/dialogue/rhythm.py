"""The rhythm in which a caller presses keys: shows whether an entry runs on into the next step before that is asked
for.

The rule for that: docs/rules.md 2.11.
"""

from __future__ import annotations

import math
from typing import Final

LONGER: Final = 1.5
"""A key is out of the rhythm if it comes later than this times the longest time between two keys."""


class Rhythm:
    """The times of the keys of two successive entries, in rising seconds of any clock."""

    def __init__(self) -> None:
        self._last = -math.inf
        self._longest = 0.0
        self._longest_before = 0.0
        self._first = True
        self._ran_on = False

    @property
    def ran_on(self) -> bool:
        """Whether this entry's first key followed the last key of the earlier entry in that entry's rhythm."""
        return self._ran_on

    def key(self, now: float) -> None:
        """Note a key that counts."""
        since = now - self._last
        self._last = now
        if self._first:
            self._ran_on = since <= LONGER * self._longest_before
            self._first = False
        else:
            self._longest = max(self._longest, since)

    def entry_ended(self) -> None:
        """Note that the next key belongs to another entry."""
        self._longest_before, self._longest = self._longest, 0.0
        self._first = True
        self._ran_on = False
