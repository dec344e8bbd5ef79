"""The process that takes bounces until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Final

import structlog
import uvloop

from credentials.secrets.keys import KeyRing
from mail.bounces.metrics import Metrics
from mail.bounces.receiver import Bounces, Connections
from mail.outbox.opening import open_outbox_database

_log: Final = structlog.get_logger(__name__)


def receive_until_stopped(
    url: str,
    keys: KeyRing,
    domain: str,
    host: str,
    port: int,
    *,
    metrics: Metrics | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Take bounces until SIGTERM or SIGINT.

    Args:
        url: the store's database, as for `CredentialStore.open`. The outbox's tables are made if needed.
        keys: the store's keys.
        domain: the domain of bounces.
        host, port: where to listen.
        metrics: counts them.
        ready: called when bounces can come.

    Raises:
        OSError: the port cannot be listened on.
        StorageError: the database cannot be used.
    """
    # aiosmtpd warns of commands that it does not know, in the words of whoever sent them: of a mail, perhaps.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    database = open_outbox_database(url)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_receive(Bounces(database, keys, domain, metrics), host, port, ready))
    finally:
        database.close()


async def _receive(bounces: Bounces, host: str, port: int, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    connections = Connections(bounces)
    server = await loop.create_server(connections, host, port)
    _log.info("bounces_receiving", address=f"{host}:{port}", domain=bounces.domain)
    ready()
    await asked.wait()
    server.close()
    connections.end()
