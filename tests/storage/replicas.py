"""Two PostgreSQL servers, of which one replicates the other, each at an address of its own of the loopback network."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.storage.postgresql import Server

_NETWORK = "127.0.0.0/8"
_SERVES_WITHIN_S = 30.0


@dataclass(frozen=True)
class Pair:
    """A primary server and its replica.

    Attributes:
        primary: the server that is written to, until it is killed.
        replica: the server that takes over.
        hosts: their addresses, in that order.
    """

    primary: Server
    replica: Server
    hosts: tuple[str, str]

    def url(self, database: str) -> str:
        """Return the URL that finds whichever of the two can be written to."""
        hosts = "&".join(f"host={host}:5432" for host in self.hosts)
        return f"postgresql+psycopg://karipass@/{database}?{hosts}&target_session_attrs=read-write"

    def replicate_at_once(self) -> None:
        """Let the primary answer no commit before the replica has it on its disk."""
        self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'replica'")
        self.primary.execute("SELECT pg_reload_conf()")
        self._wait("SELECT sync_state = 'sync' FROM pg_stat_replication")

    def catch_up(self) -> None:
        """Wait until the replica has all that the primary has."""
        self._wait("SELECT flush_lsn = pg_current_wal_lsn() FROM pg_stat_replication")

    def stop_receiving(self) -> None:
        """Let the replica take nothing any more, as if the network between the two were slow."""
        where = f"host={self.replica.directory} user=karipass dbname=postgres"
        with psycopg.connect(where) as connection:
            row = connection.execute("SELECT pid FROM pg_stat_wal_receiver").fetchone()
        assert row is not None
        os.kill(row[0], signal.SIGSTOP)

    def kill_primary(self) -> None:
        """Kill the primary with all its processes, as when its host loses its power."""
        _kill(self.primary)

    def promote_by_force(self) -> None:
        """Make the replica the primary with what it has, even if it stands still."""
        _kill(self.replica)
        (self.replica.directory / "data" / "standby.signal").unlink()
        self.replica.start()

    def promote(self) -> None:
        """Make the replica the primary, as an operator or a tool for fail-over does."""
        self.replica.execute("SELECT pg_promote()")

    def _wait(self, question: str) -> None:
        where = f"host={self.primary.directory} user=karipass dbname=postgres"
        give_up = time.monotonic() + _SERVES_WITHIN_S
        with psycopg.connect(where, autocommit=True) as connection:
            while connection.execute(question.encode()).fetchall() != [(True,)]:
                assert time.monotonic() < give_up, question
                time.sleep(0.05)


def _kill(server: Server) -> None:
    postmaster = server.pid
    assert postmaster is not None
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    server.stop(signal.SIGKILL)
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGKILL)


@contextlib.contextmanager
def replicated(programs: Path, **settings: str) -> Iterator[Pair]:
    """Run a primary and a replica of it until the end. Both are durable."""
    network = f"127.{random.randint(2, 250)}.{random.randint(2, 250)}"
    hosts = (f"{network}.1", f"{network}.2")
    primary, replica = (
        Server(programs, directory=None, clients=_NETWORK, listen_addresses=host, **settings) for host in hosts
    )
    try:
        primary.start()
        shutil.rmtree(replica.directory / "data")
        source = f"host={primary.directory} user=karipass application_name=replica"
        copying: list[str | Path] = [
            programs / "pg_basebackup",
            "-d",
            source,
            "-D",
            "data",
            "-R",
            "-X",
            "stream",
            "--checkpoint=fast",
        ]
        subprocess.run([*replica._as_user, *copying], check=True, cwd=replica.directory)
        replica.start()
        yield Pair(primary, replica, hosts)
    finally:
        primary.remove()
        replica.remove()
