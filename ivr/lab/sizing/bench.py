"""The bench that the costs are measured on: a PostgreSQL of its own, and a clock of what processes use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ivr.exchange.process import ExchangeError
from ivr.host.usage import all_usages, descendants
from ivr.lab.postgresql.server import PostgresqlServer, server_programs

_CONNECTIONS: Final = "400"


@contextmanager
def database(directory: Path | None = None) -> Iterator[PostgresqlServer]:
    """Run a durable PostgreSQL until the end of the block.

    Raises:
        ExchangeError: it is not installed.
    """
    programs = server_programs()
    if programs is None:
        raise ExchangeError("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    server = PostgresqlServer(programs, directory=directory, max_connections=_CONNECTIONS)
    try:
        server.start()
        yield server
    finally:
        server.remove()


class Meter:
    """Says how many seconds of a processor some programs have used since it was made.

    A process that ends takes what it has used with it, so nothing may end meanwhile that matters.

    Args:
        pids: the first process of each program.
    """

    def __init__(self, pids: Sequence[int | None]) -> None:
        self._pids = [pid for pid in pids if pid is not None]
        self._before = self._used()

    def spent(self) -> list[float]:
        """Say it for each program, with all processes that it has started."""
        return [max(0.0, now - before) for before, now in zip(self._before, self._used(), strict=True)]

    def _used(self) -> list[float]:
        usages = all_usages()
        return [sum(usages[pid].processor_s for pid in descendants(usages, root)) for root in self._pids]
