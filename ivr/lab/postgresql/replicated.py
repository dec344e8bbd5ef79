"""Two PostgreSQL servers, of which one repeats what the other stores, and can take over from it."""

from __future__ import annotations

import os
import signal
import time
from typing import Final

from ivr.lab.postgresql.server import PostgresqlServer

_REPLICA: Final = "replica"
_WITHIN_S: Final = 30.0
_POLL_S: Final = 0.05


class Replicated:
    """A primary server and its replica, which change places when the replica takes over.

    Args:
        primary: the server that is written to first.
        replica: the server that repeats it.

    Attributes:
        primary: the server that is written to now.
        replica: the other one.
    """

    def __init__(self, primary: PostgresqlServer, replica: PostgresqlServer) -> None:
        self.primary, self.replica = primary, replica

    def start(self) -> None:
        """Start both, the replica as a copy of the primary."""
        self.primary.start()
        self.take_in()

    def take_in(self) -> None:
        """Make the server that does not run a replica of the one that does: for the first time, or after it died."""
        self.replica.copy(self.primary, name=_REPLICA)
        self.replica.start()

    def replicate_at_once(self) -> None:
        """Let the primary answer no commit before the replica has it on its disk."""
        self.primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{_REPLICA}'")
        self.primary.execute("SELECT pg_reload_conf()")
        self._wait("SELECT sync_state = 'sync' FROM pg_stat_replication")

    def catch_up(self) -> None:
        """Wait until the replica has all that the primary has."""
        self._wait("SELECT flush_lsn = pg_current_wal_lsn() FROM pg_stat_replication")

    def stop_receiving(self) -> None:
        """Let the replica take nothing any more, as if the network between the two were slow."""
        ((pid,),) = self.replica.ask("SELECT pid FROM pg_stat_wal_receiver")
        os.kill(pid, signal.SIGSTOP)

    def promote(self) -> None:
        """Make the replica the primary, as an operator or a tool for fail-over does. The former one must not run."""
        self.replica.execute("ALTER SYSTEM RESET synchronous_standby_names")  # nobody repeats it yet
        self.replica.execute("SELECT pg_reload_conf()")
        self.replica.execute("SELECT pg_promote()")
        self._change_places()

    def promote_by_force(self) -> None:
        """Make the replica the primary with what it has, even if it stands still."""
        self.replica.kill()
        (self.replica.directory / "data" / "standby.signal").unlink()
        self.replica.start()
        self._change_places()

    def remove(self) -> None:
        """Stop both, and remove all their files."""
        self.primary.remove()
        self.replica.remove()

    def _change_places(self) -> None:
        self.primary, self.replica = self.replica, self.primary

    def _wait(self, question: str) -> None:
        give_up = time.monotonic() + _WITHIN_S
        while self.primary.ask(question) != [(True,)]:
            if time.monotonic() > give_up:
                raise RuntimeError(f"PostgreSQL's replica does not follow: {question}")
            time.sleep(_POLL_S)
