"""A database that is slow, or whose replica takes over."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ivr.lab.hosts.many_hosts import ManyHosts

_ANSWER_EVERY_S: Final = 2.0
_ANSWER_FOR_S: Final = 0.1
_TAKES_OVER_AFTER_S: Final = 5.0
"""By then a tool for fail-over has seen that the primary is dead."""


@contextmanager
def slow_database(house: ManyHosts) -> Iterator[None]:
    """Let the database work for a moment every two seconds, so that each statement takes about as long."""
    over = threading.Event()

    def stutter() -> None:
        while not over.wait(_ANSWER_FOR_S):
            house.database.freeze()
            over.wait(_ANSWER_EVERY_S - _ANSWER_FOR_S)
            house.database.thaw()

    thread = threading.Thread(target=stutter, name="stutter")
    thread.start()
    yield
    over.set()
    thread.join()
    house.database.thaw()


@contextmanager
def failed_over(house: ManyHosts) -> Iterator[None]:
    """Let the primary's host vanish, and its replica take over; later the former primary becomes the replica."""
    node = house.database.node
    house.network.cut(node)
    house.database.kill()
    time.sleep(_TAKES_OVER_AFTER_S)
    house.database.take_over()
    yield
    house.network.heal(node)
    house.database.take_in()


@contextmanager
def switched_over(house: ManyHosts) -> Iterator[None]:
    """Stop the primary in order and let its replica take over, as for an upgrade of PostgreSQL."""
    house.database.stop()
    house.database.take_over()
    yield
    house.database.take_in()
