"""Connections that ask for nothing, ask slowly, or take no answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from web.connection import BoundedConnection

PATIENCE_S = 20
WHOLE = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Hasty(BoundedConnection):
    most = 100
    request_within_s = 0.05


class Few(BoundedConnection):
    most = 4


class Untaken(BoundedConnection):
    most = 100
    taken_within_s = 0.05


async def hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def listening(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await hello(scope, receive, send)


async def without_end(_scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    await receive()
    while (await receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def serving(app: object, connection: type[BoundedConnection]) -> AsyncIterator[int]:
    config = uvicorn.Config(app, http=connection, ws="none", log_config=None, lifespan="off")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await server.startup([listener])
        try:
            yield listener.getsockname()[1]
        finally:
            server.force_exit = True
            await server.shutdown([listener])


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    read = b""
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(ConnectionError):
            while more := await reader.read(1000):
                read += more
    return read


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.parametrize(
    "said",
    [b"", b"GET / HT", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a head", "half a body"],
)
async def test_a_request_that_does_not_come_whole_in_time_ends_its_connection(said: bytes) -> None:
    async with serving(listening, Hasty) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        assert await read_to_end(reader) == b""
        await close(writer)


async def test_one_that_begins_after_an_answer_must_come_whole_too() -> None:
    async with serving(listening, Hasty) as port:
        reader, writer = await answered(port, b"hello")
        writer.write(b"G")  # this ends uvicorn's own limit for a connection that sends nothing after an answer
        await read_to_end(reader)
        await close(writer)


async def test_an_answer_may_go_on_for_longer_than_a_request_may_take() -> None:
    async with serving(without_end, Hasty) as port:
        reader, writer = await answered(port, b"begun\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 10 * Hasty.request_within_s)
        await close(writer)


async def answered(port: int, until: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection that has read an answer up to `until`; try again if this machine was too slow."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(WHOLE)
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(until)
                return reader, writer
            await close(writer)


async def test_an_answer_that_nobody_takes_ends_its_connection() -> None:
    given_up = asyncio.Event()

    async def very_long(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        given_up.set()

    async with serving(very_long, Untaken) as port, asyncio.timeout(PATIENCE_S):
        with socket.create_connection(("127.0.0.1", port)) as deaf:
            deaf.sendall(WHOLE)
            await given_up.wait()


async def test_of_too_many_the_oldest_idle_one_makes_room_and_no_answer_is_broken_off() -> None:
    async with serving(without_end, Few) as port:
        watching = await asyncio.open_connection("127.0.0.1", port)
        watching[1].write(WHOLE)
        await watching[0].readuntil(b"begun\r\n")
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(Few.most)]
        assert await read_to_end(idle[0][0]) == b""
        idle[-1][1].write(WHOLE)
        async with asyncio.timeout(PATIENCE_S):
            await idle[-1][0].readuntil(b"begun\r\n")
        assert not watching[0].at_eof()
        for _, writer in (watching, *idle):
            await close(writer)
