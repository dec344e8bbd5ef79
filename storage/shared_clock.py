"""The clock that all hosts of a store share: the database's own.

A moment that one host notes is judged by others: until when a password is good, how long a line is refused. A host
whose clock is an hour wrong would note moments that no other can use. So where the database is a server, its clock is
everybody's. Each transaction tells it, and between two of them this host counts the seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from storage.clock import utc_now

_LATE: Final = timedelta(seconds=1)
"""An answer that seems to go back by less than this was on its way for longer than an earlier one."""


class SharedClock:
    """Returns the present moment: this host's own until it is set. Threads may share it.

    Args:
        seconds: gives seconds that rise, and that no setting of this host's clock changes.
    """

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._set: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """Return the present moment, in UTC."""
        if self._set is None:
            return utc_now()
        there, at = self._set
        return there + timedelta(seconds=self._seconds() - at)

    def set(self, there: datetime) -> None:
        """Note what the database's clock said just now."""
        there = there.astimezone(UTC)
        if self._set is None or not timedelta(0) < self() - there < _LATE:
            self._set = there, self._seconds()
