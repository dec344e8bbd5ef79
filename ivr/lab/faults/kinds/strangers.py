"""Strangers who open thousands of connections and say nothing, or not enough."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

from ivr.lab.hosts.host import AGI_PORT
from ivr.lab.hosts.many_hosts import STRANGER, ManyHosts
from ivr.lab.hosts.namespace import enter

_AUDIO_PORT: Final = 4574
_HEALTH_PORT: Final = 4575
SERVICE_PORTS: Final = (AGI_PORT, _AUDIO_PORT, _HEALTH_PORT)
_EACH: Final = 5000


@contextmanager
def idle_connections(house: ManyHosts, *, ports: Sequence[int], words: bytes = b"") -> Iterator[None]:
    """Open thousands of connections to each of some ports of host a, from where nobody is trusted.

    Args:
        house: the house.
        ports: the ports.
        words: what is said on each connection before it falls silent.
    """
    with ExitStack() as opened:
        thread = threading.Thread(target=_connect, args=(house, opened, ports, words), name="strangers")
        thread.start()
        thread.join()
        yield


def _connect(house: ManyHosts, opened: ExitStack, ports: Sequence[int], words: bytes) -> None:
    enter(house.network.namespace(STRANGER))
    address = house.network.address("a")
    for port in ports:
        for _ in range(_EACH):
            with suppress(OSError):
                connection = opened.enter_context(socket.create_connection((address, port), timeout=0.2))
                if words:
                    connection.send(words)
