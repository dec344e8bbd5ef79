"""The PostgreSQL that all hosts of a house share, at an address of its own; with a replica, at two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.exchange.process import ExchangeError
from ivr.lab.hosts.network import Network
from ivr.lab.hosts.parts import Part
from ivr.lab.postgresql.replicated import Replicated
from ivr.lab.postgresql.server import PostgresqlServer, server_programs

NODE: Final = "database"
REPLICA_NODE: Final = "replica"
_PORT: Final = 5432
_FAST: Final = {"fsync": "off", "full_page_writes": "off"}
"""Programs are killed here, not the machine: commits must reach the system, and need not reach the disk."""


class Database(Part):
    """The database.

    Args:
        network: where its nodes are.
        nodes: its node, or those of the primary and its replica.
        directory: where a node's server keeps its files, by its name; a new one each by default.

    Raises:
        ExchangeError: PostgreSQL is not installed.
    """

    def __init__(self, network: Network, nodes: Sequence[str] = (NODE,), directory: Path | None = None) -> None:
        programs = server_programs()
        if programs is None:
            raise ExchangeError("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
        self._addresses = [network.address(node) for node in nodes]
        servers = [
            PostgresqlServer(
                programs,
                directory=None if directory is None else directory / node,
                within=network.within(node),
                clients=str(network.subnet),
                listen_addresses=network.address(node),
                port=str(_PORT),
                **_FAST,
            )
            for node in nodes
        ]
        self._nodes = dict(zip(map(id, servers), nodes, strict=True))
        self._alone = servers[0]
        self._pair = Replicated(*servers) if len(servers) > 1 else None
        self._name = ""

    @property
    def _server(self) -> PostgresqlServer:
        return self._alone if self._pair is None else self._pair.primary

    @property
    def node(self) -> str:
        """The node of the server that is written to now."""
        return self._nodes[id(self._server)]

    @property
    def pid(self) -> int | None:
        """The first process of the server that is written to; None if it does not run."""
        return self._server.pid

    @property
    def url(self) -> str:
        """The URL of the store, as the hosts reach it."""
        if self._pair is None:
            return f"postgresql+psycopg://karipass@{self._addresses[0]}:{_PORT}/{self._name}"
        hosts = "&".join(f"host={address}:{_PORT}" for address in self._addresses)
        return f"postgresql+psycopg://karipass@/{self._name}?{hosts}&target_session_attrs=read-write"

    def store(self, key: Key) -> CredentialStore:
        """Open the store from this machine, on a way that no cut concerns."""
        return CredentialStore.open(self.url_here, key=key)

    @property
    def url_here(self) -> str:
        """The URL of the store on that way: the server's Unix socket."""
        return self._server.url(self._name)

    def start(self) -> None:
        """Start the server; the first time, with an empty database, and with its replica."""
        if self.running:
            return
        self._server.start()
        if not self._name:
            self._name = self._server.create()
            self.take_in()

    def stop(self) -> None:
        """Stop the server that is written to."""
        self._server.stop()

    def take_over(self) -> None:
        """Let the replica take the place of the server that was written to, which does not run.

        Raises:
            ExchangeError: there is no replica.
        """
        if self._pair is None:
            raise ExchangeError("this house has no replica of its database")
        self._pair.promote()

    def take_in(self) -> None:
        """Have the other server, which does not run, repeat the one that does; nothing happens if there is none.

        From then on nothing counts as stored before both have it.
        """
        if self._pair is not None:
            self._pair.take_in()
            self._pair.replicate_at_once()

    def remove(self) -> None:
        """Stop it, and remove its files."""
        (self._alone if self._pair is None else self._pair).remove()
