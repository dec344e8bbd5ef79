"""Two PostgreSQL servers, of which one replicates the other, each at an address of its own of the loopback network."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

from ivr.lab.postgresql.replicated import Replicated
from tests.storage.postgresql import Server

_NETWORK = "127.0.0.0/8"


class Pair(Replicated):
    """A primary server and its replica, each at an address.

    Attributes:
        hosts: the addresses.
    """

    def __init__(self, programs: Path, hosts: tuple[str, str], **settings: str) -> None:
        one, other = (
            Server(programs, directory=None, clients=_NETWORK, listen_addresses=host, **settings) for host in hosts
        )
        super().__init__(one, other)
        self.hosts = hosts

    def url(self, database: str) -> str:
        """Return the URL that finds whichever of the two can be written to."""
        hosts = "&".join(f"host={host}:5432" for host in self.hosts)
        return f"postgresql+psycopg://karipass@/{database}?{hosts}&target_session_attrs=read-write"


@contextlib.contextmanager
def replicated(programs: Path, **settings: str) -> Iterator[Pair]:
    """Run a primary and a replica of it until the end. Both are durable."""
    network = f"127.{random.randint(2, 250)}.{random.randint(2, 250)}"
    pair = Pair(programs, (f"{network}.1", f"{network}.2"), **settings)
    try:
        pair.start()
        yield pair
    finally:
        pair.remove()
