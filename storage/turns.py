"""Lets the writers of one file, within this process, take turns in the order in which they came.

SQLite has no queue. Who finds the file locked looks again every 0.1 s, and may find it locked each time: of 16 threads
that write, one may wait for 10 s and then fail, while the file is free most of the time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final


class Turns:
    """A queue in which one has the turn, and the others wait. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, patience_s: float) -> Iterator[None]:
        """Wait for the turn, and have it for the block.

        Args:
            patience_s: how long to wait, in seconds. After that the block runs without the turn: whoever has it hangs,
                and the file's own lock decides, for which the writer may wait as long again.
        """
        has_it = self._take(patience_s)
        try:
            yield
        finally:
            if has_it:
                self._pass_on()

    def _take(self, patience_s: float) -> bool:
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(patience_s):
            return True
        with self._lock:
            if mine.is_set():  # it came at the last moment
                return True
            self._waiting.remove(mine)
        return False

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


_OF_FILES: Final[dict[Path, Turns]] = {}
_FINDING: Final = threading.Lock()


def turns_of(path: Path) -> Turns:
    """Return the queue of a file's writers in this process."""
    with _FINDING:
        return _OF_FILES.setdefault(path.absolute(), Turns())
