"""Finds out which process holds a port, from /proc."""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from ivr.host.ports import Transport

_PROC: Final = Path("/proc")
_LISTENING: Final = "0A"  # TCP_LISTEN in /proc/net/tcp
_PYTHON: Final = re.compile(r"python[0-9.]*")
_SERVICES: Final = frozenset({"serve", "up", "console", "portal", "mail", "notice"})
_SHOWN: Final = 100
"""How many characters of a command are shown: a path in a virtual environment and what follows it."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that holds a port.

    Attributes:
        pid: its number.
        words: its command, word by word.
    """

    pid: int
    words: tuple[str, ...]

    @property
    def service(self) -> str | None:
        """Which service of ours it is, by the first word of its command; None if it is not one."""
        match [Path(self.words[0]).name, *self.words[1:]] if self.words else []:
            case ["ivr", *rest]:
                pass
            case [python, "-m", "ivr", *rest] if _PYTHON.fullmatch(python):
                pass
            case [python, script, *rest] if _PYTHON.fullmatch(python) and Path(script).name == "ivr":
                pass
            case _:
                return None
        return rest[0] if rest and rest[0] in _SERVICES else None

    def __str__(self) -> str:
        """Its number and its command; of a long command, as many words as there is room for."""
        shown = ""
        for word in self.words:
            longer = f"{shown} {word}".lstrip()
            if shown and len(longer) > _SHOWN:
                return f"process {self.pid} ({shown} ...)"
            shown = longer
        return f"process {self.pid} ({shown})" if shown else f"process {self.pid}"


def holder_of(port: int, transport: Transport = Transport.TCP) -> Process | None:
    """Find the process that listens on a port; None if it cannot be seen. Of a service and its workers, the service."""
    holders = list(_holders(port, transport))
    return next((each for each in holders if each.service), holders[0] if holders else None)


def _holders(port: int, transport: Transport) -> Iterator[Process]:
    inodes = {f"socket:[{inode}]" for _, inode in _listening(port, transport)}
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in inodes for link in (folder / "fd").iterdir()):
                command = (folder / "cmdline").read_bytes().decode(errors="replace").rstrip("\0")
                yield Process(int(folder.name), tuple(command.split("\0")))


def addresses_of(port: int, transport: Transport = Transport.TCP) -> list[str]:
    """Find the addresses on which any process listens on a port."""
    return sorted({address for address, _ in _listening(port, transport)})


def _listening(port: int, transport: Transport) -> Iterator[tuple[str, str]]:
    """Find address and inode of each socket that listens on a port (proc_net_tcp in the kernel's documentation)."""
    of_udp = transport is Transport.UDP
    for name in ("udp", "udp6") if of_udp else ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                address, _, number = local.partition(":")
                if (of_udp or state == _LISTENING) and int(number, 16) == port:
                    yield _address(address), rest[5]


def _address(text: str) -> str:
    """Read an address as the kernel writes it: words of 32 bits in hexadecimal, each in the machine's own order."""
    words = [int(text[place : place + 8], 16) for place in range(0, len(text), 8)]
    return str(ip_address(struct.pack(f"={len(words)}I", *words)))
