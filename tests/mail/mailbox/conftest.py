"""A mailbox on ports of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from smtplib import SMTP

import pytest

from mail.mailbox import make_mailbox


@dataclass
class RunningMailbox:
    """Where a mailbox is."""

    address: str
    smtp_port: int

    def get(self, *, subject: str = "subject", text: str = "text\n", to: str = "ann@example.jp") -> None:
        """Let it get a mail."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "no-reply@example.jp", to, subject
        mail.set_content(text)
        with SMTP("127.0.0.1", self.smtp_port) as client:
            client.send_message(mail)


@pytest.fixture
def mailbox() -> Iterator[RunningMailbox]:
    ready = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as smtp_listener:
        server = make_mailbox(smtp_listener, ready.set)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            assert ready.wait(20)
            yield RunningMailbox(f"http://127.0.0.1:{listener.getsockname()[1]}", smtp_listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
