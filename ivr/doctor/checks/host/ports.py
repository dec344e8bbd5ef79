"""Checks whether the ports that the service listens on are free, or its own already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, error, ok, warning
from ivr.doctor.port_holder import holder_of
from ivr.doctor.site import Site
from ivr.errors import PortTaken
from ivr.host.ports import (
    Port,
    PortUnavailable,
    bounces_health_port,
    console_port,
    mail_health_port,
    notice_health_port,
    portal_health_port,
    portal_port,
    service_ports,
    try_port,
)


def ports(site: Site) -> Iterator[Finding]:
    """Whether the service can have its ports."""
    settings = site.settings
    of_site = [portal_port(settings), portal_health_port(settings)]
    of_mails = [mail_health_port(settings), notice_health_port(settings), bounces_health_port(settings)]
    wanted = [*service_ports(settings), console_port(settings), *of_site, *of_mails]
    numbers = [each.port for each in wanted]
    for each in wanted:
        if numbers.count(each.port) > 1:
            yield error(f"{each.name}: {each.port} is given to more than one", f"set {each.setting} to another")
        else:
            yield port_finding(each)


def port_finding(wanted: Port) -> Finding:
    """Whether one port can be had."""
    try:
        try_port(wanted)
    except PortUnavailable as problem:
        return _not_to_be_had(wanted, problem)
    return ok(f"{wanted} is free")


def require_free(wanted: Iterable[Port]) -> None:
    """Check that ports can be had.

    Raises:
        PortTaken: some cannot; the message has a line for each: who holds it, and what to do.
    """
    problems = [problem for each in wanted if (problem := why_not(each))]
    if problems:
        raise PortTaken("\n".join(problems))


def why_not(wanted: Port) -> str | None:
    """Why a port cannot be had, and what to do; None if it can."""
    try:
        try_port(wanted)
    except PortUnavailable as problem:
        finding = _not_to_be_had(wanted, problem)
        return f"{finding.text}: {finding.remedy or f'stop it, or set {wanted.setting}'}"
    return None


def _not_to_be_had(wanted: Port, problem: PortUnavailable) -> Finding:
    what = str(wanted) if wanted.count == 1 else f"{wanted}: {problem.number}"
    if not problem.is_in_use:
        remedy = f"set {wanted.setting} or its _HOST to an address and port of this host"
        return error(f"{what} cannot be listened on ({problem.cause.strerror})", remedy)
    holder = holder_of(problem.number, wanted.transport)
    if holder is None:
        return warning(f"{what} is held by a process that cannot be seen", "run as root, or as the service's user")
    if holder.service in wanted.by:
        return ok(f"{what} is held by `ivr {holder.service}` (process {holder.pid})")
    return error(f"{what} is held by {holder}", f"stop it, or set {wanted.setting}")


CHECKS: Final = (Check("ports", ports),)
