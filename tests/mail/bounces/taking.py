"""Takes bounces on a port of its own, as `ivr bounces` does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from credentials.secrets.keys import KeyRing
from mail.bounces.metrics import Metrics
from mail.bounces.receiver import Bounces, Connections
from storage.database import Database

DOMAIN = "bounces.example.jp"


@asynccontextmanager
async def taking_bounces(database: Database, keys: KeyRing, metrics: Metrics | None = None) -> AsyncIterator[int]:
    """Take them until the end, and yield the port."""
    connections = Connections(Bounces(database, keys, DOMAIN, metrics))
    server = await asyncio.get_running_loop().create_server(connections, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    connections.end()
    await asyncio.sleep(0)
