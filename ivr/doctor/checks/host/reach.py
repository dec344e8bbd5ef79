"""Checks who can reach the ports that are not for callers."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, ok, warning
from ivr.doctor.port_holder import addresses_of
from ivr.doctor.site import Site
from ivr.host.ports import Port, console_port, portal_port, service_ports

_REMEDIES: Final = {
    "FastAGI": (
        "KARIPASS_AGI_HOST=127.0.0.1 if Asterisk is on this host; otherwise let a firewall admit Asterisk's host alone:"
        " Asterisk obeys whoever answers at that port"
    ),
    "AudioSocket": (
        "KARIPASS_AUDIOSOCKET_HOST=127.0.0.1 and no _BIND if Asterisk is on this host; otherwise let a firewall admit"
        " Asterisk's host alone: the keys that callers press can be heard there"
    ),
    "health": "KARIPASS_HEALTH_HOST=127.0.0.1, or let a firewall admit your monitoring alone: it has no login",
    "settings site": (
        "KARIPASS_PORTAL_CERTIFICATE and _KEY, or KARIPASS_PORTAL_HOST=127.0.0.1 and a TLS proxy in front of it:"
        " passwords are not encrypted otherwise"
    ),
    "console": "KARIPASS_CONSOLE_HOST=127.0.0.1 and a TLS proxy in front of it: passwords are not encrypted otherwise",
}
_MANAGER: Final = (
    "bindaddr = 127.0.0.1 in manager.conf, then `manager reload`: it is a shell on the exchange, in effect"
)
_MANAGER_ELSEWHERE: Final = (
    "let a firewall there admit this host alone, over a network that is yours: the manager interface is not encrypted"
)


def reach(site: Site) -> Iterator[Finding]:
    """Whether other hosts can reach the ports that are for this one."""
    found = [*_ports(site), *_manager(site)]
    yield from found or [ok("FastAGI, AudioSocket, AMI, health, console and settings site are for this host alone")]


def is_for_this_host(host: str) -> bool:
    """Whether only this host can reach a listener on an address or a host's name."""
    with contextlib.suppress(ValueError):
        return bool(host) and _is_loopback(host.strip("[]"))
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except OSError:
        return True  # nothing listens there: the check of the ports reports it
    return all(_is_loopback(str(address[0])) for *_, address in found)


def _is_loopback(text: str) -> bool:
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _ports(site: Site) -> Iterator[Finding]:
    settings = site.settings
    # The site is for other hosts, if it serves https by itself. Its health is where the service's is.
    of_site = [portal_port(settings)] if settings.portal_certificate is None else []
    for port in (*service_ports(settings), console_port(settings), *of_site):
        if not is_for_this_host(port.host):
            yield warning(f"{_shown(port)} can be reached from other hosts", _REMEDIES[port.name])


def _manager(site: Site) -> Iterator[Finding]:
    settings = site.settings
    if not is_for_this_host(settings.ami_host):
        yield warning(f"AMI is asked over the network, at {settings.ami_host}:{settings.ami_port}", _MANAGER_ELSEWHERE)
    wide = [address for address in addresses_of(settings.ami_port) if not is_for_this_host(address)]
    for address in wide:
        yield warning(f"AMI listens on {address}:{settings.ami_port}: it can be reached from other hosts", _MANAGER)


def _shown(port: Port) -> str:
    return str(port) if port.host else f"{port.name} on all addresses, {port.value},"


CHECKS: Final = (Check("reach", reach),)
