"""Receives mails by SMTP, and puts them into the box. Whoever sends on this machine is welcome."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope

from mail.mailbox.box import Box
from storage.clock import utc_now

_LONGEST_MAIL: Final = 1024 * 1024
_NAME: Final = "mailbox.karipass.invalid"


class _Receiver:
    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Take a mail, once for each of its recipients."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        for recipient in envelope.rcpt_tos:
            self._box.put(content, to=recipient, at=utc_now())
        return "250 OK, it is in the mailbox for trying it out"


async def receive(box: Box, listener: socket.socket) -> asyncio.Server:
    """Receive mails on a socket, until the server that is returned is closed."""
    loop = asyncio.get_running_loop()
    make = partial(
        SMTP, _Receiver(box), hostname=_NAME, ident="karipass mailbox", data_size_limit=_LONGEST_MAIL, loop=loop
    )
    return await loop.create_server(make, sock=listener)
