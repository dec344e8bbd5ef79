"""A receiver of bounces on a port of its own, and who connects to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

import pytest

from credentials.secrets.keys import KeyRing
from mail.bounces.addresses import bounce_address
from mail.bounces.metrics import Metrics
from mail.outbox import Outbox
from storage.database import Database
from tests.mail.bounces.taking import DOMAIN, taking_bounces
from tests.mail.post import UNLIMITED


class Client:
    """Speaks SMTP or LMTP, one line after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def answer(self) -> str:
        """Return the next answer; "" if the connection is closed."""
        lines = []
        async with asyncio.timeout(10):
            while line := await self._reader.readline():
                lines.append(line.decode().rstrip())
                if line[3:4] != b"-":
                    break
        return "\n".join(lines)

    async def say(self, *lines: str) -> str:
        """Say lines one by one, and return the last answer."""
        answer = ""
        for line in lines:
            self.writer.write(line.encode() + b"\r\n")
            await self.writer.drain()
            answer = await self.answer()
        return answer

    async def bring(self, to: str, content: bytes, *, sender: str = "") -> str:
        """Bring a mail, and return the answer to its text, or the first that refuses."""
        for line in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA"):
            answer = await self.say(line)
            if answer[0] not in "23":
                return answer
        self.writer.write(content + b"\r\n.\r\n")
        await self.writer.drain()
        return await self.answer()


Connect = Callable[..., Awaitable[Client]]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def port(database: Database, keys: KeyRing, metrics: Metrics) -> AsyncIterator[int]:
    async with taking_bounces(database, keys, metrics) as port:
        yield port


@pytest.fixture
async def connect(port: int) -> AsyncIterator[Connect]:
    """Connect and greet; all connections end with the test."""
    clients: list[Client] = []

    async def connect_one(greeting: str = "EHLO mail.example.jp") -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", port))
        clients.append(client)
        await client.answer()
        if greeting:
            assert (await client.say(greeting)).startswith("250")
        return client

    yield connect_one
    for client in clients:
        client.writer.close()


@pytest.fixture
def own_outbox(keys: KeyRing) -> Outbox:
    """The outbox by the database's own clock, as the receiver uses it."""
    return Outbox(keys, limits=UNLIMITED)


@pytest.fixture
def address_of(keys: KeyRing) -> Callable[[str], str]:
    return lambda letter_id: bounce_address(letter_id, DOMAIN, keys.current)
