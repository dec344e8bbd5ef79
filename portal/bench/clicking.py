"""People who click: each has one connection to each server, and asks all for the same page in turn."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from portal.bench.people import Person
from portal.visit import SESSION_COOKIE

SERVERS: Final = ("ours", "bare", "asks")
"""The site, bare pages, and bare pages that each ask the database once."""
Times = dict[tuple[str, str], list[float]]
"""Seconds from asking to the last octet of the answer, by server and page."""
_HEAD_END: Final = b"\r\n\r\n"


class Connection:
    """A connection to one server, which is kept."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, session: str) -> bytes:
        """Ask for a page, and return its body.

        Raises:
            RuntimeError: the answer is not 200.
        """
        try:
            return await self._get(path, session)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            # The server has closed it after 5 s without a request; a browser, too, opens another one then.
            self._ends = None
            return await self._get(path, session)

    async def _get(self, path: str, session: str) -> bytes:
        if self._ends is None:
            self._ends = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._ends
        cookie = f"cookie: {SESSION_COOKIE}={session}\r\n" if session else ""
        writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{cookie}\r\n".encode())
        head = (await reader.readuntil(_HEAD_END)).decode("latin-1").lower()
        length = head.partition("content-length: ")[2].partition("\r")[0]
        body = await reader.readexactly(int(length))
        if " 200 " not in head.partition("\r")[0]:
            raise RuntimeError(f"{path}: {head.partition(chr(13))[0]}")
        return body

    async def close(self) -> None:
        """Close it."""
        if self._ends is not None:
            self._ends[1].close()
            await self._ends[1].wait_closed()


async def click(people: Sequence[Person], ports: dict[str, int], *, rounds: int, pause_s: float) -> Times:
    """Let all people click through all pages at once.

    Args:
        people: who.
        ports: the port of each server by its name.
        rounds: how often each asks for each page, at each server.
        pause_s: how long each looks at a page, on average.
    """
    times: Times = defaultdict(list)

    async def one(person: Person, chance: random.Random) -> None:
        connections = {name: Connection(port) for name, port in ports.items()}
        await asyncio.sleep(chance.uniform(0, 2 * pause_s))
        order = list(ports)
        for _ in range(rounds):
            clicks = person.clicks()
            chance.shuffle(clicks)
            for page, path, session in clicks:
                chance.shuffle(order)
                for name in order:
                    started = time.perf_counter()
                    await connections[name].get(path, session)
                    times[name, page].append(time.perf_counter() - started)
                    await asyncio.sleep(chance.uniform(0, 2 * pause_s))
        for connection in connections.values():
            await connection.close()

    await asyncio.gather(*(one(person, random.Random(place)) for place, person in enumerate(people)))  # noqa: S311
    return times
