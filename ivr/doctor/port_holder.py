"""Who holds a port: what /proc tells of the processes that listen."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_LISTENING: Final = "0A"  # TCP_LISTEN in /proc/net/tcp
_PYTHON: Final = re.compile(r"python[0-9.]*")
_SERVICES: Final = frozenset({"serve", "up", "console"})
_SHOWN: Final = 100
"""Characters of a command: a path of a virtual environment and what follows it."""


@dataclass(frozen=True, slots=True)
class Process:
    """Who holds a port.

    Attributes:
        pid: its number.
        words: its command, word by word.
    """

    pid: int
    words: tuple[str, ...]

    @property
    def service(self) -> str | None:
        """Which service of ours it is: `serve`, `up` or `console`; None if it is none."""
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
        """Its number and command, of a long one the words that have room."""
        shown = ""
        for word in self.words:
            longer = f"{shown} {word}".lstrip()
            if shown and len(longer) > _SHOWN:
                return f"process {self.pid} ({shown} ...)"
            shown = longer
        return f"process {self.pid} ({shown})" if shown else f"process {self.pid}"


def try_port(host: str, port: int) -> None:
    """Listen on a port for a moment, as a service would.

    Raises:
        OSError: it cannot be had; of one that is in use the errno is EADDRINUSE.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the service does
        probe.bind((host, port))
        probe.listen(1)  # a bound port can be shared with SO_REUSEADDR, a listening one cannot


def holder_of(port: int) -> Process | None:
    """The process that listens on a TCP port; None if it cannot be seen."""
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in inodes for link in (folder / "fd").iterdir()):
                command = (folder / "cmdline").read_bytes().decode(errors="replace").rstrip("\0")
                return Process(int(folder.name), tuple(command.split("\0")))
    return None


def _listening_inodes(port: int) -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                    yield rest[5]
