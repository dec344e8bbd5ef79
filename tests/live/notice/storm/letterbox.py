"""A mail server that may be killed at any moment, and forgets no mail that it took.

    python -m tests.live.notice.storm.letterbox PORT FILE

It notes each mail as a line of the file, and says "queued" when that is on the disk.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope


@dataclass(frozen=True)
class Taken:
    """A mail that was taken.

    Attributes:
        at: when, in seconds of the epoch.
        to: its address.
        caller: the digits of the caller's number in it.
    """

    at: float
    to: str
    caller: str


class Letterbox:
    """aiosmtpd's handler."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        text = message_from_bytes(envelope.content, policy=policy.default).get_content()
        found = re.search(r"発信者番号：([0-9-]+)", text)
        line = [time.time(), envelope.rcpt_tos[0], "" if found is None else found[1].replace("-", "")]
        os.write(self._file, json.dumps(line).encode() + b"\n")
        os.fsync(self._file)
        return "250 queued"


def mails_in(file: Path) -> Iterator[Taken]:
    """Read the mails that were taken."""
    for line in file.read_text(encoding="ascii").splitlines() if file.exists() else []:
        yield Taken(*json.loads(line))


async def main(port: int, file: Path) -> None:
    letterbox = Letterbox(file)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(letterbox), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
