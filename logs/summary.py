"""One line a minute for what may happen a thousand times a second."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

SUMMARY_S: Final = 60.0
KINDS: Final = 20
"""Of what happened, told by name; the rest is one number."""
_OTHERS: Final = "others"


class Summary:
    """Counts what happens, by kind, on the event loop that it is used on; tells the first at once, then once a minute.

    Args:
        tell: is given how often each kind happened since the last time.
    """

    def __init__(self, tell: Callable[[dict[str, int]], None]) -> None:
        self._tell = tell
        self._counts: Counter[str] = Counter()
        self._next: asyncio.TimerHandle | None = None

    def add(self, kind: str) -> None:
        """It happened once more."""
        self._counts[kind if kind in self._counts or len(self._counts) < KINDS else _OTHERS] += 1
        if self._next is None:
            self._tell_now()

    def _tell_now(self) -> None:
        self._next = None
        if self._counts:
            self._tell(dict(self._counts))
            self._counts.clear()
            self._next = asyncio.get_running_loop().call_later(SUMMARY_S, self._tell_now)
