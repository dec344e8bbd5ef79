"""UDP ports for test phones, which nobody else takes between the look-up and the start of sipp.

sipp binds its ports by itself and ends if one of them is in use. Linux gives ports of `ip_local_port_range` (32768 to
60999) to anyone who asks for any port, and Asterisk asks three times a call: it connects a UDP socket to learn its own
address. So a phone's ports are below that range, and one socket stays bound in each block of ports while a phone uses
the block: no other phone, of any process, can have it.
"""

from __future__ import annotations

import itertools
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Self

from tests.live.callers.phone_error import PhoneError

FIRST_PORT: Final = 12000
LAST_PORT: Final = 22999
"""Above the audio of an Asterisk on its default ports (10000 to 11999), below those of test houses (from 23000)."""
_BLOCK: Final = 8
_MEDIA: Final = 2
_VIDEO: Final = 4  # sipp takes it beside the first, whether there is video or not
_SIP: Final = 6

_blocks = itertools.cycle(range(FIRST_PORT, LAST_PORT - _BLOCK + 2, _BLOCK))
"""Where the next phone of this process looks: not at the last one's ports, to which packets may still come."""


@dataclass(frozen=True)
class PhonePorts:
    """The ports of one phone, its own until they are closed.

    Attributes:
        sip: the port for signalling.
        media: the port for audio.
    """

    sip: int
    media: int
    _guard: socket.socket

    @classmethod
    def reserve(cls, host: str) -> Self:
        """Take a block of ports at an address.

        Raises:
            PhoneError: no block is free.
        """
        for first in itertools.islice(_blocks, (LAST_PORT - FIRST_PORT + 1) // _BLOCK):
            guard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                guard.bind((host, first))
                _probe(host, (first + _MEDIA, first + _VIDEO, first + _SIP))
            except OSError:
                guard.close()
                continue
            return cls(first + _SIP, first + _MEDIA, guard)
        raise PhoneError(f"{host} has no {_BLOCK} free UDP ports in a row between {FIRST_PORT} and {LAST_PORT}")

    def close(self) -> None:
        """Give the ports back. May be called again."""
        self._guard.close()


def _probe(host: str, ports: tuple[int, ...]) -> None:
    with ExitStack() as probes:
        for port in ports:
            probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((host, port))
