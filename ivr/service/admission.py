"""Decides which calls are taken while many people call: as many at once as the host has shown that it carries.

Taking nobody until the host has caught up, and then everybody, lets a crowd overrun it again and again: what a call
needs most, the hash of its password, it needs only some twenty seconds after it was taken. (With 750 callers on two
processors, 215 and 440 calls took turns, and the store answered after 4 s.) So a host that was strained has a limit,
found as TCP finds the window of a path (RFC 5681, 3.1): a part less than was too much, and then slowly more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from ivr.records.vitals import Sign

FEWEST: Final = 16
"""The lowest limit: fewer calls are not what strains a host (`strain.FEW_CALLS`), and it must find its way up again."""
KEPT: Final = 0.7
"""The limit, as a share of the calls that were too many. The rest is for those who are turned away: an apology costs
Asterisk as much as any other call that lasts as long."""
FELT_S: Final = 20.0
"""How long a lower limit takes to be felt. If the host is strained still, it is lowered again."""
GROWTH: Final = 0.005
"""By what share the limit grows in a second in which it is used and the host is not strained."""
USED: Final = 0.8
"""The share of the limit from which on it is used: what nobody tries shows nothing."""
QUIET_S: Final = 10.0
"""How long nobody may have been turned away until the crowd counts as gone."""
FORGOTTEN_S: Final = 120.0
"""And how long until there is no limit any more. Who is turned away calls again in a minute or so."""


class Admission:
    """Says whether one more call is taken.

    Args:
        clock: gives seconds that rise.

    Attributes:
        sign: by which sign of strain calls are turned away; None while all are taken.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limit: float | None = None
        self._lowered_at = -math.inf
        self._noted_at = self._turned_away_at = clock()
        self._cause: Sign | None = None
        self.sign: Sign | None = None

    @property
    def limit(self) -> int | None:
        """How many calls there may be at once; None for any number."""
        return None if self._limit is None else int(self._limit)

    def note(self, sign: Sign | None, calls: int) -> None:
        """Note how the host is.

        Args:
            sign: why it cannot carry one more call now; None if it can.
            calls: how many calls there are.
        """
        now = self._clock()
        since_s, self._noted_at = now - self._noted_at, now
        if sign is not None:
            self._cause = self.sign = sign
            self._turned_away_at = now
            if now - self._lowered_at >= FELT_S:
                self._lowered_at = now
                self._limit = max(float(FEWEST), KEPT * min(calls, self._limit or calls))
            return
        quiet_s = now - self._turned_away_at
        if quiet_s >= QUIET_S:
            self.sign = None
        if quiet_s >= FORGOTTEN_S:
            self._limit, self._lowered_at = None, -math.inf
        elif self._limit is not None and calls >= USED * self._limit:
            self._limit *= 1.0 + GROWTH * since_s

    def takes(self, calls: int) -> bool:
        """Say whether one more call is taken.

        Args:
            calls: how many there are already.
        """
        if self._limit is None or calls < int(self._limit):
            return True
        self._turned_away_at, self.sign = self._clock(), self._cause
        return False
