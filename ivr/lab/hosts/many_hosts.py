"""A house of several hosts behind a SIP proxy, with one PostgreSQL: started, and stopped with everything in it."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Self

from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.exchange.standalone import SOUNDS_DIR
from ivr.lab.hosts.certificates import Certificates
from ivr.lab.hosts.database import NODE as DATABASE
from ivr.lab.hosts.database import REPLICA_NODE as REPLICA
from ivr.lab.hosts.database import Database
from ivr.lab.hosts.disk import Disk
from ivr.lab.hosts.host import Host, Shared
from ivr.lab.hosts.network import Network
from ivr.lab.hosts.parts import Part
from ivr.lab.hosts.phones import Phones
from ivr.lab.hosts.proxy import NODE as PROXY
from ivr.lab.hosts.proxy import Proxy
from ivr.lab.house import ACCESS_NUMBER

CALLERS: Final = "callers"
"""The node of the carrier, whose calls are trusted."""
STRANGER: Final = "stranger"
"""A node that nobody trusts."""


class ManyHosts:
    """The house; a context manager.

    Args:
        directory: where it keeps its files; must exist, and be for this house alone.
        hosts: how many hosts it has; they are named a, b, ...
        settings: settings of the services that differ from the default, as their environment has them.
        sounds: where the Asterisks' apologies are.
        calls_of_a_host: how many calls the proxy gives each host at most.
        disk_mib: how large a disk of its own each host has, and the database; 0 for none.
        replica: whether the database has a replica that can take over.
        sites: whether each host has a settings site.
        wrong_clocks: whether the hosts' clocks can be set.

    Attributes:
        network: the networks, which can be cut.
        certificates: who issues the certificates of the settings sites.
        database, proxy: two of its parts.
        hosts: its hosts, by name.
        key_file: the store's keys, which all hosts read.
        disks: the disks, by the nodes that have one.
    """

    database: Database
    proxy: Proxy
    hosts: Mapping[str, Host]

    def __init__(
        self,
        directory: Path,
        *,
        hosts: int = 2,
        settings: Mapping[str, str] = MappingProxyType({}),
        sounds: Path = SOUNDS_DIR,
        calls_of_a_host: int = 200,
        disk_mib: int = 0,
        replica: bool = False,
        sites: bool = False,
        wrong_clocks: bool = False,
    ) -> None:
        self._directory = directory
        self._names = string.ascii_lowercase[:hosts]
        self._settings = settings
        self._sounds = sounds
        self._calls_of_a_host = calls_of_a_host
        self._disk_mib = disk_mib
        self._database_nodes = (DATABASE, REPLICA) if replica else (DATABASE,)
        self._wrong_clocks = wrong_clocks
        self.certificates = Certificates(directory) if sites else None
        self._certificate = directory / "chain.pem", directory / "chain-key.pem"
        self.disks: dict[str, Disk] = {}
        self._stack = ExitStack()
        self.key_file = directory / "key"
        self.network = Network((*self._names, *self._database_nodes, PROXY, CALLERS, STRANGER))

    def __enter__(self) -> Self:
        """Start all of it.

        Raises:
            NetworkError: networks of our own cannot be made here.
            ExchangeError: a part did not come up.
        """
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all of it, and remove the networks."""
        self._stack.close()

    def host(self, name: str) -> Host:
        """One of its hosts."""
        return self.hosts[name]

    @property
    def parts(self) -> Mapping[str, Part]:
        """All parts by name: `database`, `proxy`, `a.exchange`, `a.service`, ..."""
        found: dict[str, Part] = {"database": self.database, "proxy": self.proxy}
        for host in self.hosts.values():
            found |= {f"{host.name}.{name}": part for name, part in host.parts.items()}
        return found

    def store(self) -> CredentialStore:
        """Open the store, on a way that no cut of the network concerns."""
        return self.database.store(Key.from_file(self.key_file))

    def import_lines(self, text: str) -> None:
        """Import lines from the text of a CSV file."""
        path = self._directory / "lines.csv"
        path.write_text(text, encoding="utf-8")
        with closing(self.store()) as store:
            store.import_lines(path)

    def renew_certificate(self) -> None:
        """Put a new certificate and its key where the settings sites read them; nothing happens without sites."""
        if self.certificates is None:
            return
        issued = self.certificates.issue(*map(self.network.address, self._names))
        for path, text in zip(self._certificate, issued, strict=True):
            path.write_bytes(text)

    def phones(self, node: str = CALLERS) -> Phones:
        """Telephones at a node, which call the access number by way of the proxy; a context manager."""
        return Phones(
            self.network.namespace(node),
            host=self.network.address(node),
            exchange=self.proxy.address,
            number=ACCESS_NUMBER,
        )

    def _start(self) -> None:
        self._stack.enter_context(self.network)
        if self._disk_mib:
            self.disks = {node: self._disk(node) for node in (*self._names, *self._database_nodes)}
        self.database = Database(self.network, self._database_nodes, self._directory if self.disks else None)
        self._stack.callback(self.database.remove)
        self.database.start()
        self.renew_certificate()
        self.store().close()  # makes key and tables before the services look for them
        shared = Shared(
            access_number=ACCESS_NUMBER,
            database_url=self.database.url,
            key_file=self.key_file,
            agi_secret=secrets.token_urlsafe(24),
            ami_secret=secrets.token_urlsafe(24),
            settings=self._settings,
            sounds=self._sounds,
            certificate=None if self.certificates is None else self._certificate,
            site_proxy=self.network.address(CALLERS),
            wrong_clocks=self._wrong_clocks,
        )
        self.hosts = {name: self._host(name, shared) for name in self._names}
        self.proxy = Proxy(
            self.network,
            self._directory / "proxy",
            hosts=self._names,
            trunks=[CALLERS],
            calls_of_a_host=self._calls_of_a_host,
        )
        self._stack.callback(self._stop)
        for host in self.hosts.values():
            host.service.begin_start()
        exchanges = [host.exchange for host in self.hosts.values()]
        with ThreadPoolExecutor(len(exchanges)) as starters:
            list(starters.map(lambda each: each.start(), exchanges))
        self.proxy.start()
        for host in self.hosts.values():
            host.service.wait()
            if host.site is not None:
                host.site.start()

    def _host(self, name: str, shared: Shared) -> Host:
        others = [other for other in self._names if other != name]
        return Host(self.network, name, others, self._directory / name, shared)

    def _disk(self, node: str) -> Disk:
        return self._stack.enter_context(Disk(self._directory / node, self._disk_mib))

    def _stop(self) -> None:
        """Stop the parts: calls that go on break."""
        self.network.heal()
        for part in self.parts.values():
            part.thaw()
            if part is not self.database:
                part.kill()
                part.stop()
