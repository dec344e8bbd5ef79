"""Finds free ports for an instance whose default ones are taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ivr.doctor.checks.host.ports import why_not
from ivr.errors import PortTaken
from ivr.host.port_marks import marked_ranges
from ivr.host.ports import (
    Port,
    PortUnavailable,
    Transport,
    console_port,
    exchange_ports,
    mail_health_port,
    mailbox_ports,
    notice_health_port,
    portal_health_port,
    portal_port,
    service_ports,
    try_port,
)
from ivr.host.settings import Settings

_STEP: Final = 10
"""The distance from a port to the next one that is tried in its place: no other default is less than 40 of it away."""
_LAST: Final = 65535


@dataclass(frozen=True, slots=True)
class Moved:
    """A port that is not the default one.

    Attributes:
        default: the port that is taken.
        instead: the port that was found.
    """

    default: Port
    instead: Port

    def __str__(self) -> str:
        """Write the port for people: `FastAGI 4583 (not 4573)`."""
        return f"{self.instead.name} {self.instead.value} (not {self.default.value})"


def with_free_ports(settings: Settings) -> tuple[Settings, Sequence[Moved]]:
    """Give an instance ports that are free now. A port that the environment sets is never moved.

    Args:
        settings: the settings of the environment (`Settings.from_environment`).

    Returns:
        The settings with all ports set, and the ports that are not the default ones.

    Raises:
        PortTaken: ports that the environment sets cannot be had (the message has a line for each), or no free one was
            found in place of a default one.
    """
    site = [portal_port(settings), portal_health_port(settings)]
    mails = [*mailbox_ports(settings), mail_health_port(settings), notice_health_port(settings)]
    pages = [console_port(settings), *site, *mails]
    wanted = [*service_ports(settings), *pages, *exchange_ports(settings)]
    fixed = [port for port in wanted if port.field in settings.model_fields_set]
    given: set[tuple[Transport, int]] = set()
    problems = [problem for port in fixed if (problem := _take_fixed(port, given))]
    if problems:
        raise PortTaken("\n".join(problems))
    given.update((Transport.UDP, number) for ports in marked_ranges() for number in ports)
    chosen = {port: port if port in fixed else _take_free(port, given) for port in wanted}
    moved = [Moved(port, instead) for port, instead in chosen.items() if instead != port]
    values = {port.field: port.value if port.count > 1 else port.port for port in chosen.values()}
    return settings.model_copy(update=values), moved


def _take_fixed(port: Port, given: set[tuple[Transport, int]]) -> str | None:
    """Take a port that the environment sets; returns why it cannot be had."""
    if given & _places(port):
        return f"{port.setting}={port.value}: another of our ports has that number, too: set it to another"
    given.update(_places(port))
    return why_not(port)


def _take_free(default: Port, given: set[tuple[Transport, int]]) -> Port:
    for port in _candidates(default):
        if given & _places(port):
            continue
        try:
            try_port(port)
        except PortUnavailable as problem:
            if not problem.is_in_use:
                raise PortTaken(why_not(port) or str(problem)) from None
            continue
        given.update(_places(port))
        return port
    raise PortTaken(f"{default} is taken, and so are all that were tried in its place: set {default.setting}")


def _places(port: Port) -> set[tuple[Transport, int]]:
    return {(port.transport, number) for number in port.numbers}


def _candidates(default: Port) -> Iterator[Port]:
    """Give the port itself, then others upwards; last those from 32768, which Linux gives to anyone who asks."""
    for first in range(default.port, _LAST - default.count + 2, max(_STEP, default.count)):
        yield replace(default, port=first)
