"""The line between a worker and the process that started it: a socket pair that keeps messages apart."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from ivr.service.workers.messages import Message, decode, encode

_PACKET_BYTES: Final = 1 << 20
"""The longest packet is a page of metrics: about 40 000 octets."""
_WAITING: Final = 10_000
"""How many messages may wait for a process that does not read. Then the line is given up: that process hangs."""


def line_ends() -> tuple[socket.socket, socket.socket]:
    """Make both ends of a line."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class Line:
    """One end of a line, on a running loop. Somebody must read its `messages`.

    Args:
        end: the socket; it is closed when the messages end.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque()
        self._sent = asyncio.Event()
        self._sent.set()
        self._closed = False

    def send(self, message: Message) -> None:
        """Send a message, now or as soon as the other side has read enough. One that has ended does not miss it."""
        if self._closed:
            return
        self._waiting.append(encode(message))
        if len(self._waiting) == 1:
            self._sent.clear()
            self._flush()
        elif len(self._waiting) > _WAITING:
            self.close()

    async def messages(self) -> AsyncIterator[Message]:
        """Give the messages that come, until the other side has closed its end, or this one is closed.

        Raises:
            WorkerProtocolError: something else came.
        """
        try:
            while packet := await self._received():
                yield decode(packet)
        finally:
            self.close()
            self._end.close()

    async def _received(self) -> bytes:
        with contextlib.suppress(OSError):  # it was closed, on this side or on the other
            return await self._loop.sock_recv(self._end, _PACKET_BYTES)
        return b""

    async def all_sent(self) -> None:
        """Wait until everything is sent, or cannot be."""
        await self._sent.wait()

    def close(self) -> None:
        """Send and hear nothing more."""
        if not self._closed:
            self._closed = True
            self._sending_is_over()
            with contextlib.suppress(OSError):  # the other side has gone
                self._end.shutdown(socket.SHUT_RDWR)

    def _flush(self) -> None:
        try:
            while self._waiting:
                self._end.send(self._waiting[0], socket.MSG_NOSIGNAL)
                self._waiting.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._end, self._flush)
        except OSError:
            self._sending_is_over()  # the other side has ended: reading finds that out
        else:
            self._sending_is_over()

    def _sending_is_over(self) -> None:
        self._waiting.clear()
        self._loop.remove_writer(self._end)
        self._sent.set()
