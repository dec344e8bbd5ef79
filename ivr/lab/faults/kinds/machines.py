"""Disks that are full or cannot be written, and clocks that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ivr.lab.hosts.disk import read_only
from ivr.lab.hosts.many_hosts import ManyHosts


@contextmanager
def full_disk(house: ManyHosts, *, node: str = "") -> Iterator[None]:
    """Fill the disk of a node; "" for the database's."""
    disk = house.disks[node or house.database.node]
    disk.fill()
    yield
    disk.empty()


@contextmanager
def read_only_state(house: ManyHosts) -> Iterator[None]:
    """Let nothing be written in the state directory of host a."""
    with read_only(house.host("a").state):
        yield


@contextmanager
def wrong_clock(house: ManyHosts, *, ahead_s: int) -> Iterator[None]:
    """Set the clock of host a from one moment to the next, and back."""
    clock = house.host("a").clock
    if clock is not None:
        clock.set(ahead_s)
    yield
    if clock is not None:
        clock.set(0)
