"""A time limit for a peer that does not run out while this host stands still.

When a process goes on after a standstill, its timers are due before it has read what came meanwhile. A peer that was in
time would be sent away. So the time is cut into parts, each of which starts when the last one has been seen to end: a
standstill counts as one part at most, and what came meanwhile is read before the next one is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

PARTS: Final = 5


class Patience:
    """Calls a function when a peer has had its time.

    Args:
        seconds: the time.
        over: called at its end, unless `cancel` was called before.
    """

    def __init__(self, seconds: float, over: Callable[[], None]) -> None:
        self._part_s = seconds / PARTS
        self._over = over
        self._parts = PARTS
        self._timer = asyncio.get_running_loop().call_later(self._part_s, self._part_ended)

    def cancel(self) -> None:
        """Stop waiting."""
        self._timer.cancel()

    def _part_ended(self) -> None:
        self._parts -= 1
        if self._parts:
            self._timer = asyncio.get_running_loop().call_later(self._part_s, self._part_ended)
        else:
            self._over()


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Limit the time of a body that waits for a peer, as `asyncio.timeout` does.

    Raises:
        TimeoutError: the time was over before the body was.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        patience = Patience(seconds, lambda: limit.reschedule(loop.time()))
        try:
            yield
        finally:
            patience.cancel()
