"""Judges whether this host can carry one more call now (`ivr.service.admission` decides what follows from that).

Four signs are read. The media clock ticks late: the service does not get the processor when it needs it. The audio of
many calls is not there when it is due: Asterisk does not get it. The store is behind: callers will wait for its
answers. It shows that first, for its threads have no priority: the clock and Asterisk take the processors from it.
Memory runs out. What changes from tick to tick is averaged over a second, and a standstill counts as one late tick, so
that a hiccup turns nobody away. A host stays strained until every sign has been below half its limit for some seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from ivr.host.memory import free_share
from ivr.media.clock import TICK_S, Tick
from ivr.records.vitals import Sign

LATE_S: Final = 0.020
"""A tick that is later than this is a late one."""
LATE_SHARE: Final = 0.1
"""The share of late ticks that a caller does not hear yet."""
OVERDUE_SHARE: Final = 0.25
"""The share of frames that are not there when the clock wants them."""
FEW_CALLS: Final = 16
"""With fewer calls it is not calls that make a host late, and one caller's bad network could look like it."""
BEHIND_S: Final = 0.4
"""How old the oldest password that is not hashed or stored may be. (As 750 callers came, 16 a second, it rose from
nothing to this within a second when both processors were full, and on to 20 s; fifty passwords at once stay below.)"""
FREE_SHARE: Final = 0.05
"""The share of the memory that must be free."""
_MADE_UP: Final = 0.5
"""A tick that follows the one before it sooner than after this share of its time makes up for a standstill. It says
nothing new: the standstill was one late tick, and the audio that came meanwhile has been taken."""
RELIEF_S: Final = 3.0
"""How long every sign must stay below half its limit before calls are taken again."""
_WEIGHT: Final = -math.expm1(-TICK_S / 1.0)
"""Of one tick in an average over a second."""
_LOOK_S: Final = 1.0
"""How often the memory is looked at."""


class _Average:
    """An average in which what was noted a second ago counts a third of what is noted now."""

    def __init__(self) -> None:
        self.value = 0.0

    def note(self, value: float) -> None:
        self.value += (value - self.value) * _WEIGHT


class Strain:
    """Takes the signs, and says whether the host is strained.

    Args:
        behind_s: gives for how many seconds the oldest password that is not hashed or stored has been asked for.
        memory: gives the share of the host's memory that is free.
        clock: gives seconds that rise.
    """

    def __init__(
        self,
        behind_s: Callable[[], float],
        *,
        memory: Callable[[], float] = free_share,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._behind_s = behind_s
        self._memory = memory
        self._clock = clock
        self._late_before_s = 0.0
        self._late = _Average()
        self._overdue = _Average()
        self._behind = _Average()
        self._free = memory()
        self._looked_at = clock()
        self._sign: Sign | None = None
        self._easy_since: float | None = None

    @property
    def sign(self) -> Sign | None:
        """Why the host cannot carry one more call; None if it can."""
        return self._sign

    def ticked(self, tick: Tick) -> None:
        """Note a tick of the media clock, and judge anew."""
        since_last_s = TICK_S + tick.late_s - self._late_before_s
        self._late_before_s = tick.late_s
        if since_last_s > _MADE_UP * TICK_S:
            many = tick.calls >= FEW_CALLS
            self._late.note(float(many and tick.late_s > LATE_S))
            self._overdue.note(tick.overdue / tick.calls if many else 0.0)
            self._behind.note(self._behind_s() if many else 0.0)
        now = self._clock()
        if now - self._looked_at >= _LOOK_S:
            self._free, self._looked_at = self._memory(), now
        self._judge(now)

    def _judge(self, now: float) -> None:
        """Measure each sign by its limit: at 1 it says that the host is strained."""
        signs = {
            Sign.CLOCK: self._late.value / LATE_SHARE,
            Sign.AUDIO: self._overdue.value / OVERDUE_SHARE,
            Sign.STORE: self._behind.value / BEHIND_S,
            Sign.MEMORY: FREE_SHARE / max(self._free, 1e-9),
        }
        worst = max(signs, key=lambda sign: signs[sign])
        if signs[worst] >= 1.0:
            self._sign, self._easy_since = worst, None
        elif self._sign is not None:
            self._recover(now, easy=signs[worst] < 0.5)

    def _recover(self, now: float, *, easy: bool) -> None:
        if not easy:
            self._easy_since = None
        elif self._easy_since is None:
            self._easy_since = now
        elif now - self._easy_since >= RELIEF_S:
            self._sign = self._easy_since = None
