"""Networks of our own: each node is a network namespace with one address, and all are plugged into one switch.

The switch is in a namespace, too, so the network of this machine is never touched. What goes between two nodes, or to
and from one, can be dropped, all or a share, also one way only.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ivr.lab.hosts.namespace import NAMESPACES, NetworkError, enter, remove_namespace, run
from ivr.lab.hosts.slow_wire import SlowWire

_PREFIX: Final = "karipass"
_OWN_NAME: Final = re.compile(rf"{_PREFIX}-(\d+)-\d+-.*")
_NODE: Final = re.compile(r"[a-z][a-z0-9]{0,11}")
_SWITCH: Final = "switch"
_WIRE: Final = ("wire", "wireend")
_SUBNET: Final = IPv4Network("10.77.0.0/24")
_PROGRAMS: Final = {"ip": "iproute2", "nft": "nftables", "nsenter": "util-linux"}
_counted: Final = itertools.count()


@dataclass(frozen=True, slots=True)
class _Drop:
    """What is dropped between two nodes; "" is any node. UDP ports may be named, or all else is dropped, too."""

    source: str
    target: str
    share: float
    to_ports: tuple[int, int] | None = None


class Network:
    """Nodes on one switch; a context manager that removes all of it, and every process that still runs in it.

    What a killed run has left is removed when the next network is made.

    Args:
        nodes: the nodes' names: up to 12 small letters and digits.

    Attributes:
        subnet: the network that all addresses belong to.
    """

    def __init__(self, nodes: Sequence[str]) -> None:
        for node in nodes:
            if not _NODE.fullmatch(node) or node == _SWITCH:
                raise NetworkError(f"{node!r} cannot name a node: take up to 12 small letters and digits")
        self.subnet = _SUBNET
        self._addresses = {node: str(address) for node, address in zip(nodes, _SUBNET.hosts(), strict=False)}
        self._run = f"{_PREFIX}-{os.getpid()}-{next(_counted)}"
        self._drops: list[_Drop] = []

    def __enter__(self) -> Self:
        """Make it.

        Raises:
            NetworkError: it cannot be made.
        """
        if (reason := missing()) is not None:
            raise NetworkError(reason)
        _remove_leftovers()
        try:
            switch = self._namespace(_SWITCH)
            run("ip", "netns", "add", switch)
            run("ip", "-n", switch, "link", "add", "bridge", "type", "bridge")
            run("ip", "-n", switch, "link", "set", "bridge", "up")
            for node in self._addresses:
                self._plug_in(node)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def address(self, node: str) -> str:
        """The node's address."""
        return self._addresses[node]

    def place(self, node: str) -> int:
        """The node's place among all, from 0."""
        return list(self._addresses).index(node)

    def namespace(self, node: str) -> Path:
        """The node's namespace, for `enter`."""
        return NAMESPACES / self._namespace(node)

    def within(self, node: str) -> tuple[str, ...]:
        """The words before a command that have it run at a node. The process that was started becomes the command."""
        return ("nsenter", f"--net={self.namespace(node)}", "--")

    def udp_socket(self, node: str) -> socket.socket:
        """Open a UDP socket at a node, bound to its address and any free port; any thread may use it."""

        def open_there() -> socket.socket:
            enter(self.namespace(node))
            found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            found.bind((self.address(node), 0))
            return found

        with ThreadPoolExecutor(1) as there:  # a thread has a network of its own, and this one ends
            return there.submit(open_there).result()

    # --- what goes wrong ------------------------------------------------------------------------------------

    def cut(self, node: str, other: str = "", *, one_way: bool = False) -> None:
        """Drop everything from a node, and to it.

        Args:
            node: the node.
            other: the node on the other side; "" for all.
            one_way: whether only what the first one sends is dropped.
        """
        self.lose(1.0, node, other, one_way=one_way)

    def lose(self, share: float, node: str, other: str = "", *, one_way: bool = False) -> None:
        """Drop a share of the packets, by chance; the other arguments are those of `cut`."""
        self._drops.append(_Drop(node, other, share))
        if not one_way:
            self._drops.append(_Drop(other, node, share))
        self._apply()

    def mute(self, node: str, other: str, ports: tuple[int, int]) -> None:
        """Drop what a node sends to UDP ports of another one: audio that goes one way only."""
        self._drops.append(_Drop(node, other, 1.0, ports))
        self._apply()

    @contextmanager
    def slow(self, node: str, most_s: float, *, overtaking: bool) -> Iterator[None]:
        """Hold each packet from a node and to it up by chance, until the end of the block.

        Args:
            node: the node.
            most_s: as `SlowWire.most_s`.
            overtaking: as `SlowWire.overtaking`.
        """
        switch = self._namespace(_SWITCH)
        wire, end = _WIRE
        run("ip", "-n", switch, "link", "add", "name", wire, "up", "type", "veth", "peer", "name", end)
        run("ip", "-n", switch, "link", "set", "dev", end, "master", "bridge", "up")
        run("ip", "-n", switch, "link", "set", "dev", node, "nomaster")
        between = SlowWire(namespace=NAMESPACES / switch, ends=(node, wire), most_s=most_s, overtaking=overtaking)
        try:
            with between.carrying():
                yield
        finally:
            run("ip", "-n", switch, "link", "set", "dev", node, "master", "bridge")
            run("ip", "-n", switch, "link", "delete", "dev", wire)

    def heal(self, node: str = "") -> None:
        """Drop nothing any more from a node and to it; "" for all nodes."""
        self._drops = [each for each in self._drops if node and node not in (each.source, each.target)]
        self._apply()

    def _apply(self) -> None:
        rules = "\n".join(_rule(each) for each in self._drops)
        chain = f"chain forward {{ type filter hook forward priority 0; policy accept;\n{rules}\n}}"
        table = f"bridge {_PREFIX}"
        script = f"add table {table}\ndelete table {table}\ntable {table} {{\n{chain}\n}}\n"
        run("nsenter", f"--net={NAMESPACES / self._namespace(_SWITCH)}", "--", "nft", "-f", "-", told=script)

    # --- making and removing --------------------------------------------------------------------------------

    def _namespace(self, node: str) -> str:
        return f"{self._run}-{node}"

    def _plug_in(self, node: str) -> None:
        own, switch = self._namespace(node), self._namespace(_SWITCH)
        run("ip", "netns", "add", own)
        pair = ("type", "veth", "peer", "name", "eth0", "netns", own)
        run("ip", "link", "add", "name", node, "netns", switch, *pair)
        run("ip", "-n", switch, "link", "set", "dev", node, "master", "bridge", "up")
        run("ip", "-n", own, "address", "add", f"{self.address(node)}/{self.subnet.prefixlen}", "dev", "eth0")
        for device in ("lo", "eth0"):
            run("ip", "-n", own, "link", "set", device, "up")

    def _remove(self) -> None:
        for node in (*self._addresses, _SWITCH):
            remove_namespace(self._namespace(node))


def missing() -> str | None:
    """Say in one line what is missing to make networks; None if nothing is."""
    if os.geteuid() != 0:
        return "root is needed: networks of our own are made with it (use sudo)"
    lacking = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    return f"{', '.join(lacking)} not installed; as root: apt-get install {' '.join(lacking)}" if lacking else None


def _rule(drop: _Drop) -> str:
    words = []
    if drop.source:
        words.append(f'iifname "{drop.source}"')
    if drop.target:
        words.append(f'oifname "{drop.target}"')
    if drop.to_ports is not None:
        words.append(f"ether type ip udp dport {drop.to_ports[0]}-{drop.to_ports[1]}")
    if drop.share < 1.0:
        words.append(f"numgen random mod 1000 < {round(1000 * drop.share)}")
    return f"{' '.join(words)} drop"


def _remove_leftovers() -> None:
    """Remove the namespaces of runs that have ended without doing it themselves."""
    for path in NAMESPACES.glob(f"{_PREFIX}-*"):
        owner = _OWN_NAME.fullmatch(path.name)
        if owner is not None and not Path("/proc", owner[1]).exists():
            remove_namespace(path.name)
