"""A mail server whose answers a test writes: aiosmtpd, on the test's own loop, with real STARTTLS."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

DIES = "dies"
"""An answer: the server takes the mail and dies before it says so."""
SILENT = "silent"
"""An answer: none."""


@dataclass
class Received:
    """A mail as it came."""

    sender: str
    to: str
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)

    @property
    def text(self) -> str:
        return str(self.mail.get_content()).replace("\r\n", "\n")


@dataclass
class ScriptedServer:
    """The answers that are given, one after the other; then all is well."""

    to_recipients: list[str] = field(default_factory=list)
    to_texts: list[str] = field(default_factory=list)
    to_senders: list[str] = field(default_factory=list)
    logins: dict[bytes, bytes] = field(default_factory=dict)
    slow_s: float = 0.0
    """How long it thinks about a text."""
    takes_first: bool = False
    """Whether it has the mail for good before it thinks."""
    received: list[Received] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    port: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_MAIL(self, _: SMTP, __: object, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        answer = self.to_senders.pop(0) if self.to_senders else "250 OK"
        if answer == SILENT:
            await asyncio.sleep(30)
        if answer.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(self, server: SMTP, __: object, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        answer = self.to_recipients.pop(0) if self.to_recipients else "250 OK"
        if answer == SILENT:
            await asyncio.sleep(30)
        if answer == DIES:
            _transport(server).abort()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        answer = self.to_texts.pop(0) if self.to_texts else "250 OK queued"
        if not self.takes_first:
            await asyncio.sleep(self.slow_s)
        if answer == SILENT:
            await asyncio.sleep(30)
        if answer == DIES or answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.received.append(Received(str(envelope.mail_from), envelope.rcpt_tos[0], envelope.content))
            self._came.set()
            self.secured.append(session.ssl is not None or _transport(server).get_extra_info("sslcontext") is not None)
        if answer == DIES:
            _transport(server).abort()
        if self.takes_first:
            await asyncio.sleep(self.slow_s)
        return answer

    def authenticate(
        self, _server: object, _session: object, _envelope: object, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=self.logins.get(data.login) == data.password, handled=False)

    async def wait_for(self, mails: int, within_s: float = 15.0) -> list[Received]:
        """Wait until so many mails have come."""
        async with asyncio.timeout(within_s):
            while len(self.received) < mails:
                await self._came.wait()
                self._came.clear()
        return self.received


def _transport(server: SMTP) -> asyncio.Transport:
    assert isinstance(server.transport, asyncio.Transport)
    return server.transport


def _quietly(*args: Any, **options: Any) -> SMTP:
    """Make a connection; aiosmtpd warns of logins that do not demand STARTTLS, even under TLS."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return SMTP(*args, **options)


@asynccontextmanager
async def serving(
    context: ssl.SSLContext,
    *,
    starttls: bool = True,
    tls: bool = False,
    port: int = 0,
    logins: dict[bytes, bytes] | None = None,
    **script: Any,
) -> AsyncIterator[ScriptedServer]:
    """Run a server until the end.

    Args:
        context: its certificate.
        starttls: whether it offers STARTTLS, and demands it.
        tls: whether it speaks TLS from the start.
        port: where; 0 for any port.
        logins: who may send; None for everyone.
        script: its answers.
    """
    scripted = ScriptedServer(logins=logins or {}, **script)
    connections: list[SMTP] = []

    def connected(make: Callable[[], SMTP]) -> SMTP:
        connections.append(make())
        return connections[-1]

    make = partial(
        _quietly,
        scripted,
        hostname="mail.example.jp",
        tls_context=context if starttls and not tls else None,
        require_starttls=starttls and not tls,
        authenticator=scripted.authenticate if logins else None,
        auth_required=bool(logins),
        auth_require_tls=starttls and not tls,
        loop=asyncio.get_running_loop(),
    )
    server = await asyncio.get_running_loop().create_server(
        partial(connected, make), "127.0.0.1", port, ssl=context if tls else None
    )
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        for connection in connections:  # aiosmtpd leaves one open whose client went away within STARTTLS
            for transport in (connection.transport, getattr(connection, "_original_transport", None)):
                if isinstance(transport, asyncio.Transport):
                    transport.abort()
        await asyncio.sleep(0)
