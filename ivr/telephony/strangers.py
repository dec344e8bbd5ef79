"""Peers that have connected and not yet said who they are: few at a time, with few lines in the log.

A port scan, or somebody with a grudge, opens thousands of connections and says nothing. These must not take the place
of calls. So they have a small room of their own, in which the oldest makes room for the newest; an exchange says who it
is within milliseconds. Nor may they fill the log: it gets one line a minute for all of them.

A busy exchange that many calls reach at once connects all of them before it gets to name the first. While calls leave
places free, such newcomers get the places, so that none has to go unheard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final

import structlog

from logs.summary import Summary

_log = structlog.get_logger(__name__)

STRANGERS: Final = 64
"""How many may wait at one door at once. With ten thousand new ones a second each has 6 ms."""
HEARD_S: Final = 1.0
"""How long a newcomer may stay where there is a place."""
MADE_ROOM: Final = "made room for others"


class Strangers:
    """The strangers who wait at one door.

    Args:
        door: names it in the log.
        most: how many may wait at once.
        made_room: called for each stranger that has to go for another.
        spare: tells how many more may wait for `HEARD_S`.
        clock: gives seconds that rise.
    """

    def __init__(
        self,
        door: str,
        *,
        most: int = STRANGERS,
        made_room: Callable[[], None] = lambda: None,
        spare: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._made_room = made_room
        self._spare = spare
        self._clock = clock
        self._waiting: dict[Hashable, tuple[Callable[[], None], float]] = {}
        self._sent_away = Summary(lambda reasons: _log.warning("strangers_sent_away", door=door, reasons=reasons))

    def came(self, who: Hashable, close: Callable[[], None]) -> None:
        """Note a new connection; `close` closes it. If the door is full, those who have waited longest go."""
        now = self._clock()
        self._waiting[who] = close, now
        while (surplus := len(self._waiting) - self._most) > 0:
            oldest, (_, came) = next(iter(self._waiting.items()))
            if surplus <= self._spare() and now - came < HEARD_S:
                break
            self._made_room()
            self.sent_away(oldest, MADE_ROOM)

    def left(self, who: Hashable) -> bool:
        """Note that a peer has said who it is, or has gone; returns whether it was a stranger until now."""
        return self._waiting.pop(who, None) is not None

    def sent_away(self, who: Hashable, reason: str) -> None:
        """Close the connection of a stranger; a peer that is not a stranger, or no longer one, is left alone."""
        waiting = self._waiting.pop(who, None)
        if waiting is None:
            return
        self._sent_away.add(reason)
        close, _ = waiting
        close()
