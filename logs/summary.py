"""One log line a minute for something that may happen a thousand times a second."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

SUMMARY_S: Final = 60.0
KINDS: Final = 20
"""How many kinds are counted by name; all others share one count."""
_OTHERS: Final = "others"


class Summary:
    """Counts what happens, by kind, and reports the first at once, then once a minute. Use it on one event loop.

    Args:
        tell: called with how often each kind happened since the last report.
    """

    def __init__(self, tell: Callable[[dict[str, int]], None]) -> None:
        self._tell = tell
        self._counts: Counter[str] = Counter()
        self._next: asyncio.TimerHandle | None = None

    def add(self, kind: str) -> None:
        """Count one more of a kind."""
        self._counts[kind if kind in self._counts or len(self._counts) < KINDS else _OTHERS] += 1
        if self._next is None:
            self._tell_now()

    def _tell_now(self) -> None:
        self._next = None
        if self._counts:
            self._tell(dict(self._counts))
            self._counts.clear()
            self._next = asyncio.get_running_loop().call_later(SUMMARY_S, self._tell_now)
