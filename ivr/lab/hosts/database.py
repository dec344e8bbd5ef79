"""The PostgreSQL that all hosts of a house share, at an address of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.exchange.process import ExchangeError
from ivr.lab.hosts.network import Network
from ivr.lab.hosts.parts import Part
from ivr.lab.postgresql import PostgresqlServer, server_programs

NODE: Final = "database"
_PORT: Final = 5432
_FAST: Final = {"fsync": "off", "full_page_writes": "off"}
"""Programs are killed here, not the machine: commits must reach the system, and need not reach the disk."""


class Database(Part):
    """The database.

    Args:
        network: where its node is.
        directory: where it keeps its files; a new one by default.

    Raises:
        ExchangeError: PostgreSQL is not installed.
    """

    def __init__(self, network: Network, directory: Path | None = None) -> None:
        programs = server_programs()
        if programs is None:
            raise ExchangeError("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
        self._address = network.address(NODE)
        self._server = PostgresqlServer(
            programs,
            directory=directory,
            within=network.within(NODE),
            clients=str(network.subnet),
            listen_addresses=self._address,
            port=str(_PORT),
            **_FAST,
        )
        self._name = ""

    @property
    def pid(self) -> int | None:
        """The server's first process; None if it does not run."""
        return self._server.pid

    @property
    def url(self) -> str:
        """The URL of the store, as the hosts reach it."""
        return f"postgresql+psycopg://karipass@{self._address}:{_PORT}/{self._name}"

    def store(self, key: Key) -> CredentialStore:
        """Open the store from this machine, on a way that no cut concerns."""
        return CredentialStore.open(self.url_here, key=key)

    @property
    def url_here(self) -> str:
        """The URL of the store on that way: the server's Unix socket."""
        return self._server.url(self._name)

    def start(self) -> None:
        """Start the server; the first time, with an empty database."""
        if not self.running:
            self._server.start()
            self._name = self._name or self._server.create()

    def stop(self) -> None:
        """Stop the server."""
        self._server.stop()

    def remove(self) -> None:
        """Stop the server, and remove its files."""
        self._server.remove()
