"""Checks of the ports that the service listens on: free, or its own already."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, error, ok, warning
from ivr.doctor.port_holder import holder_of, try_port
from ivr.doctor.site import Site
from ivr.errors import PortTaken
from ivr.settings import Settings

_CALLS: Final = ("serve", "up")
_CONSOLE: Final = ("console",)


@dataclass(frozen=True, slots=True)
class Port:
    """A port that we listen on.

    Attributes:
        name: what it is for.
        host, port: where it is.
        setting: what changes it.
        by: commands of ours that may hold it.
    """

    name: str
    host: str
    port: int
    setting: str
    by: tuple[str, ...] = _CALLS

    def __str__(self) -> str:
        return f"{self.name} {self.host}:{self.port}"


def service_ports(settings: Settings) -> list[Port]:
    """What the service of calls listens on."""
    return [
        Port("FastAGI", settings.agi_host, settings.agi_port, "KARIPASS_AGI_PORT"),
        Port(
            "AudioSocket",
            settings.audiosocket_bind or settings.audiosocket_host,
            settings.audiosocket_port,
            "KARIPASS_AUDIOSOCKET_PORT",
        ),
        Port("health", settings.health_host, settings.health_port, "KARIPASS_HEALTH_PORT"),
    ]


def console_port(settings: Settings) -> Port:
    """What the console listens on."""
    return Port("console", settings.console_host, settings.console_port, "KARIPASS_CONSOLE_PORT", _CONSOLE)


def ports(site: Site) -> Iterator[Finding]:
    """Whether the service can have its ports."""
    wanted = [*service_ports(site.settings), console_port(site.settings)]
    numbers = [each.port for each in wanted]
    for each in wanted:
        if numbers.count(each.port) > 1:
            yield error(f"{each.name}: {each.port} is given to more than one", f"set {each.setting} to another")
        else:
            yield port_finding(each)


def port_finding(wanted: Port) -> Finding:
    """Whether one port can be had."""
    try:
        try_port(wanted.host, wanted.port)
    except OSError as problem:
        return _not_to_be_had(wanted, problem)
    return ok(f"{wanted} is free")


def require_free(wanted: Iterable[Port]) -> None:
    """Pass ports that can be had.

    Raises:
        PortTaken: one cannot; the message says who holds it, and what to do.
    """
    for each in wanted:
        try:
            try_port(each.host, each.port)
        except OSError as problem:
            finding = _not_to_be_had(each, problem)
            raise PortTaken(f"{finding.text}: {finding.remedy or f'stop it, or set {each.setting}'}") from None


def _not_to_be_had(wanted: Port, problem: OSError) -> Finding:
    if problem.errno != errno.EADDRINUSE:
        remedy = f"set {wanted.setting} or its _HOST to what this host has"
        return error(f"{wanted} cannot be listened on ({problem.strerror})", remedy)
    holder = holder_of(wanted.port)
    if holder is None:
        return warning(f"{wanted} is held by a process that cannot be seen", "run as root, or as the service's user")
    if holder.service in wanted.by:
        return ok(f"{wanted} is held by `ivr {holder.service}` (process {holder.pid})")
    return error(f"{wanted} is held by {holder}", f"stop it, or set {wanted.setting}")


CHECKS: Final = (Check("ports", ports),)
