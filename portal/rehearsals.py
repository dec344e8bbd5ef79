"""Files that are being rehearsed, beside the pages: each confirmation password in them takes a hash.

One file is rehearsed at a time in a process, so that logins keep a processor. A page asks how far it is, and needs no
script for it. Another process of the site knows nothing of it: where there are several, a login stays with one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from credentials.one_time.rehearsal import Rehearsal

_MOST: Final = 8
"""How many rehearsals are kept, running, waiting or done."""
Rehearse = Callable[[Callable[[int, int], None]], Rehearsal]
"""Rehearses a file; calls its argument with how many hashes are done, and of how many."""


class Work:
    """A rehearsal that waits, runs or is done.

    Attributes:
        done: how many hashes are done.
        total: how many there are; 0 while that is not known.
    """

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self._future: Future[Rehearsal] | None = None

    @property
    def is_done(self) -> bool:
        """Whether it is done, well or not."""
        return self._future is not None and self._future.done()

    def result(self) -> Rehearsal:
        """Return what the file would do.

        Raises:
            Exception: what rehearsing it raised.
        """
        if self._future is None:
            raise RuntimeError("this rehearsal has not started")
        return self._future.result()

    def run(self, executor: ThreadPoolExecutor, rehearse: Rehearse) -> None:
        """Have it done."""
        self._future = executor.submit(rehearse, self._note)

    def _note(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class Rehearsals:
    """The rehearsals of this process, by the name of their session."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "rehearsal")
        self._known: dict[str, Work] = {}
        self._lock = threading.Lock()

    def start(self, session: str, rehearse: Rehearse) -> bool:
        """Have a file rehearsed in place of the session's earlier one; return False if too many wait."""
        with self._lock:
            earlier = self._known.get(session)
            if earlier is not None and not earlier.is_done:
                return False
            self._known.pop(session, None)
            if len(self._known) >= _MOST:
                over = next((name for name, work in self._known.items() if work.is_done), None)
                if over is None:
                    return False
                del self._known[over]
            work = self._known[session] = Work()
            work.run(self._executor, rehearse)
        return True

    def of(self, session: str) -> Work | None:
        """Return a session's rehearsal; None if there is none."""
        with self._lock:
            return self._known.get(session)

    def forget(self, session: str) -> None:
        """Forget a session's rehearsal."""
        with self._lock:
            self._known.pop(session, None)

    def close(self) -> None:
        """Start no further one."""
        self._executor.shutdown(wait=False, cancel_futures=True)
