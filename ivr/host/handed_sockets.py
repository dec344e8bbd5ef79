"""Sockets that are handed to us ready to use, as systemd's socket units do (sd_listen_fds(3)).

A port that systemd holds is not free while the service is down, crashed or being upgraded: nobody else on the host can
take its place, and Asterisk's connections wait until the service is back.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from typing import Final

_FIRST: Final = 3
"""The first file descriptor that is handed on."""


class HandedSockets:
    """Listening TCP sockets by their addresses; each is taken once.

    Args:
        environment: says how many sockets there are; these variables are removed, because they are not for our
            children.
        first: the first of their file descriptors.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ, first: int = _FIRST) -> None:
        ours = environment.get("LISTEN_PID") == str(os.getpid())
        count = environment.get("LISTEN_FDS", "")
        for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
            environment.pop(name, None)
        self._sockets: dict[tuple[str, int], socket.socket] = {}
        for descriptor in range(first, first + int(count)) if ours and count.isdecimal() else ():
            handed = socket.socket(fileno=descriptor)
            handed.set_inheritable(False)
            host, port, *_ = handed.getsockname()
            self._sockets[host, port] = handed

    def has(self, host: str, port: int) -> bool:
        """Whether a socket listens on this address."""
        return (host, port) in self._sockets

    def take(self, host: str, port: int) -> socket.socket | None:
        """Take the socket that listens on this address; None if there is none."""
        return self._sockets.pop((host, port), None)

    @property
    def left(self) -> list[str]:
        """The addresses of the sockets that nobody took."""
        return [f"{host}:{port}" for host, port in self._sockets]
