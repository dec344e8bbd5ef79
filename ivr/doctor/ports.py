"""Checks of the ports that the service listens on: free, or its own already."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, error, ok, warning
from ivr.doctor.site import Site

_PROC: Final = Path("/proc")
_LISTENING: Final = "0A"  # TCP_LISTEN in /proc/net/tcp


@dataclass(frozen=True, slots=True)
class Process:
    """Who holds a port."""

    pid: int
    command: str

    @property
    def is_service(self) -> bool:
        """Whether it is a service of ours."""
        words = self.command.split()
        return any(Path(word).name == "ivr" for word in words) and bool({"serve", "up"} & set(words))


def ports(site: Site) -> Iterator[Finding]:
    """Whether the service can have its ports."""
    settings = site.settings
    wanted = [
        ("FastAGI", settings.agi_host, settings.agi_port, "KARIPASS_AGI_PORT"),
        ("AudioSocket", settings.audiosocket_bind or settings.audiosocket_host, settings.audiosocket_port,
         "KARIPASS_AUDIOSOCKET_PORT"),
        ("health", settings.health_host, settings.health_port, "KARIPASS_HEALTH_PORT"),
        ("console", settings.console_host, settings.console_port, "KARIPASS_CONSOLE_PORT"),
    ]  # fmt: skip
    numbers = [port for _, _, port, _ in wanted]
    for name, host, port, setting in wanted:
        if numbers.count(port) > 1:
            yield error(f"{name}: {port} is given to more than one", f"set {setting} to another")
        else:
            yield port_finding(name, host, port, setting)


def port_finding(name: str, host: str, port: int, setting: str) -> Finding:
    """Whether one port can be had."""
    where = f"{name} {host}:{port}"
    try:
        _try(host, port)
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            remedy = f"set {setting} or its _HOST to what this host has"
            return error(f"{where} cannot be listened on ({problem.strerror})", remedy)
    else:
        return ok(f"{where} is free")
    holder = holder_of(port)
    if holder is None:
        return warning(f"{where} is held by a process that cannot be seen", "run as root, or as the service's user")
    if holder.is_service:
        return ok(f"{where} is held by the service (process {holder.pid})")
    return error(f"{where} is held by process {holder.pid} ({holder.command[:60]})", f"stop it, or set {setting}")


def _try(host: str, port: int) -> None:
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
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return Process(int(folder.name), command)
    return None


def _listening_inodes(port: int) -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                    yield rest[5]


CHECKS: Final = (Check("ports", ports),)
