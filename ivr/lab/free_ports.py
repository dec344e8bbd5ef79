"""Finds ports that are free now, on the loopback interface."""

from __future__ import annotations

import socket
from typing import Final

from ivr.exchange.process import ExchangeError

_HOST: Final = "127.0.0.1"
_FIRST_PORT: Final = 23000
_LAST_PORT: Final = 32000
"""Below the ports that Linux gives to programs that ask for any port."""


def free_tcp_ports(count: int) -> list[int]:
    """Find free TCP ports on the loopback interface."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((_HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def free_udp_ports(count: int) -> tuple[int, int]:
    """Find a free port for SIP, and behind it a free range of `count` ports for audio.

    Returns:
        The port for SIP, and the first (even) port for audio.

    Raises:
        ExchangeError: there is none.
    """
    for first in range(_FIRST_PORT, _LAST_PORT, count + 100):
        probes = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count + 2)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("", first + offset))  # Asterisk takes audio ports on all addresses
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return first, first + 2
    raise ExchangeError(f"there is no free range of {count} UDP ports between {_FIRST_PORT} and {_LAST_PORT}")
