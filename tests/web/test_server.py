"""Servers that run beside other work."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from web.server import EmbeddedServer

MOST = 32


def a_server() -> EmbeddedServer:
    async def healthz(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    return EmbeddedServer(Starlette(routes=[Route("/healthz", healthz)]), connections=MOST, grace_s=1)


async def test_it_is_served_on_a_real_port_and_closed() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    server = a_server()
    await server.listen("127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == handlers
        port = server.port
        await server.close()
    with pytest.raises(OSError, match=r"refused|Connect"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_taken_port_is_an_os_error_as_with_the_other_servers() -> None:
    first = a_server()
    await first.listen("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        await a_server().listen("127.0.0.1", first.port)
    await first.close()


async def test_a_client_that_says_nothing_does_not_keep_the_server_from_closing() -> None:
    server = a_server()
    await server.listen("127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(5):
        await server.close()
    writer.close()


@pytest.mark.parametrize("said", [b"", b"GET /healthz"], ids=["nothing", "half a request"])
async def test_clients_that_ask_nothing_do_not_keep_a_probe_out(said: bytes) -> None:
    server = a_server()
    await server.listen("127.0.0.1", 0)
    idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(MOST + 8)]
    for _, writer in idle:
        writer.write(said)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        assert (await client.get("/healthz")).status_code == 200
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            assert await idle[0][0].read() == b""
        await server.close()
    for _, writer in idle:
        writer.close()
