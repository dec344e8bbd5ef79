"""Marks on ranges of ports that are in use only now and then: Asterisk takes ports for audio only during calls.

A mark is an abstract Unix socket. So it belongs to the network namespace, as ports do, every user sees it, and it ends
with the process that holds it.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SOCKETS: Final = Path("/proc/net/unix")
_NAME: Final = re.compile(r"@karipass-rtp-([0-9]{1,5})-([0-9]{1,5})-[0-9]+$", re.MULTILINE)


@contextmanager
def marked(ports: range) -> Iterator[None]:
    """Mark a range for the block."""
    name = f"\0karipass-rtp-{ports.start}-{ports.stop - 1}-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mark:
        with contextlib.suppress(OSError):  # without it a second instance may share the range, which does little harm
            mark.bind(name.encode("ascii"))
        yield


def marked_ranges() -> list[range]:
    """Find the ranges that are marked on this machine."""
    try:
        names = _SOCKETS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [range(int(first), int(last) + 1) for first, last in _NAME.findall(names)]
