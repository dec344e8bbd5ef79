"""Both servers on a real socket, for tests that connect to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from ivr.telephony.audiosocket.server import AudioSocketConnection, AudioSocketLimits, AudioSocketServer
from ivr.telephony.fastagi.server import AgiHandler, AgiLimits, FastAgiServer

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]

REQUEST = b"agi_network: yes\nagi_uniqueid: 1\n\n"


@asynccontextmanager
async def agi_server(handler: AgiHandler, limits: AgiLimits | None = None) -> AsyncIterator[Connect]:
    server = FastAgiServer(handler, limits or AgiLimits())
    await server.listen("127.0.0.1", 0)
    try:
        yield lambda: asyncio.open_connection("127.0.0.1", server.port)
    finally:
        server.stop_listening()


@asynccontextmanager
async def audiosocket_server(
    limits: AudioSocketLimits | None = None, *, known: bool = True
) -> AsyncIterator[tuple[list[AudioSocketConnection], Connect]]:
    connections: list[AudioSocketConnection] = []

    def identified(_uuid: UUID, connection: AudioSocketConnection) -> bool:
        connections.append(connection)
        return known

    server = AudioSocketServer(identified, limits or AudioSocketLimits())
    await server.listen("127.0.0.1", 0)
    try:
        yield connections, lambda: asyncio.open_connection("127.0.0.1", server.port)
    finally:
        server.stop_listening()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for is on the other end of a socket
            await asyncio.sleep(0.001)


async def closed(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(10):
        try:
            while await reader.read(1000):
                pass
        except ConnectionError:
            pass
    return True
