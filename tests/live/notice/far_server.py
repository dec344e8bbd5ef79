"""A mail server far away: each of its mailboxes has a trouble of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope

DOMAIN: Final = "far.example"
FINE, GREYLISTED, NOBODY, FULL, FULL_FOR_NOW = (
    f"{name}@{DOMAIN}" for name in ("fine", "greylisted", "nobody", "full", "full-for-now")
)
_ANSWERS: Final = {
    NOBODY: "550 5.1.1 <nobody@far.example>: User unknown",
    FULL: "552 5.2.2 The mailbox is over its quota",
    FULL_FOR_NOW: "452 4.2.2 The mailbox is over its quota, try again later",
}


class FarServer:
    """Answers by mailbox.

    Attributes:
        port: where it is.
        came: how many mails came for each mailbox.
        tries: how often each was asked for.
    """

    def __init__(self) -> None:
        self.port = 0
        self.came: Counter[str] = Counter()
        self.tries: Counter[str] = Counter()
        self._known: set[tuple[str, str]] = set()

    async def handle_RCPT(self, _: Any, __: Any, envelope: Envelope, address: str, ___: Any) -> str:  # noqa: N802
        self.tries[address] += 1
        if address in _ANSWERS:
            return _ANSWERS[address]
        mail = (str(envelope.mail_from), address)
        if address == GREYLISTED and mail not in self._known:
            self._known.add(mail)
            return "450 4.7.1 Greylisted, please try again in a second"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Any, envelope: Envelope) -> str:  # noqa: N802
        self.came.update(envelope.rcpt_tos)
        return "250 OK"


@asynccontextmanager
async def far_server() -> AsyncIterator[FarServer]:
    """Run it until the end."""
    far, loop = FarServer(), asyncio.get_running_loop()
    connections: list[SMTP] = []

    def connected() -> SMTP:
        connections.append(partial(SMTP, far, hostname=f"mx.{DOMAIN}", loop=loop)())
        return connections[-1]

    server = await loop.create_server(connected, "127.0.0.1", 0)
    far.port = server.sockets[0].getsockname()[1]
    try:
        yield far
    finally:
        server.close()
        for connection in connections:
            if isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()
        await asyncio.sleep(0)
