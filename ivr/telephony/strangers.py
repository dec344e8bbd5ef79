"""Whoever has connected and not said yet who he is: few at a time, and little is said of them.

A port scan, or somebody with a grudge, opens thousands of connections and says nothing. They must not take the place
of calls, so they have a small room of their own, in which the oldest makes room; an exchange has said who it is within
milliseconds. Nor may they fill the log: it has one line a minute for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

import structlog

from logs.summary import Summary

_log = structlog.get_logger(__name__)

STRANGERS: Final = 64
"""At a door at once. With ten thousand new ones a second each has 6 ms."""
MADE_ROOM: Final = "made room for others"


class Strangers:
    """Those who wait at one door.

    Args:
        door: names it in the log.
        most: how many at once.
        made_room: told of each that had to go for another.
    """

    def __init__(self, door: str, *, most: int = STRANGERS, made_room: Callable[[], None] = lambda: None) -> None:
        self._most = most
        self._made_room = made_room
        self._waiting: dict[Hashable, Callable[[], None]] = {}
        self._sent_away = Summary(lambda reasons: _log.warning("strangers_sent_away", door=door, reasons=reasons))

    def came(self, who: Hashable, close: Callable[[], None]) -> None:
        """Somebody connected; `close` closes the connection. Who has waited longest may have to go for it."""
        self._waiting[who] = close
        if len(self._waiting) > self._most:
            oldest = next(iter(self._waiting))
            self._made_room()
            self.sent_away(oldest, MADE_ROOM)

    def left(self, who: Hashable) -> bool:
        """Somebody has said who he is, or has gone; returns whether he was a stranger until now."""
        return self._waiting.pop(who, None) is not None

    def sent_away(self, who: Hashable, reason: str) -> None:
        """Close the connection of a stranger; one who is none, or none any more, is left alone."""
        close = self._waiting.pop(who, None)
        if close is None:
            return
        self._sent_away.add(reason)
        close()
