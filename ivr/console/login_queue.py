"""A queue before the login: hashing is dear, and must not take the threads that every page needs.

A password's hash takes 64 MiB and a good part of a second, on purpose, and anyone may ask for one. So few are made at
once, in threads of their own, few wait for that, and who comes when those places are taken is told to come again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.responses import Response

from ivr.operators import HASHES_AT_ONCE

PLACES: Final = 12
"""So many may be under way or wait; the last of them waits for a second or two."""
PLACES_OF_ONE: Final = 8
"""So many of one address: one that asks without end leaves room for others. Behind a proxy all have its address."""
AGAIN_S: Final = 3
"""After so long it is worth to try again."""


class LoginQueue:
    """Serves a few logins at a time, on the event loop that it is used on."""

    def __init__(self) -> None:
        self._threads = CapacityLimiter(HASHES_AT_ONCE)
        self._taken: Counter[str] = Counter()

    async def run(self, address: str, serve: Callable[[], Response]) -> Response | None:
        """What `serve` answers, in a thread; None, at once, if too many wait.

        Args:
            address: the client's.
            serve: may block.
        """
        if self._taken.total() >= PLACES or self._taken[address] >= PLACES_OF_ONE:
            return None
        self._taken[address] += 1
        try:
            return await to_thread.run_sync(serve, limiter=self._threads)
        finally:
            self._taken -= Counter({address: 1})  # drops those of whom none is left
