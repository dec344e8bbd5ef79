"""Starts and ends a store process: a child that has one end of a socket pair, and ends when the other is closed."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ivr.service.store_process.codec import MessageParser, StoreProtocolError, encode
from ivr.service.store_process.messages import VERSION, Appended, Hello, NotOpened, Opened
from storage.errors import StorageError

_END_S: Final = 12.0
"""How long what is under way may take when the service ends."""
_RECEIVE_BYTES: Final = 65536


class StoreNotOpenedError(StorageError):
    """The store process cannot use the store; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class StoreCommand:
    """How a store process is started.

    Attributes:
        words: the command; the number of its end of the socket pair is appended.
        environment: its environment, which says where the store and its key are.
        hello: the first message to it.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    hello: Hello


class StoreProcess:
    """One store process.

    However this process ends, the kernel then closes our end of the socket pair, and the store process finishes what is
    under way and ends.

    Args:
        command: how it is started.

    Raises:
        StoreNotOpenedError: the system starts no process.
    """

    def __init__(self, command: StoreCommand) -> None:
        self.parser = MessageParser()
        self.socket, theirs = socket.socketpair()
        with theirs:
            # A process group of its own: Ctrl-C goes to us, and calls in progress still need the store.
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    [*command.words, str(theirs.fileno())],
                    env=dict(command.environment),
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    process_group=0,
                )
            except OSError as error:
                self.socket.close()
                raise StoreNotOpenedError(
                    f"the store process cannot be started ({error.strerror}): has the host too little memory, or too"
                    " many processes?"
                ) from None
        with contextlib.suppress(OSError):  # it has ended already: reading finds that out
            self.socket.sendall(encode(command.hello))

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def wait_until_open(self) -> Sequence[Appended]:
        """Wait until the process has opened the store; returns what it has appended to the audit trail meanwhile.

        Raises:
            StoreNotOpenedError: the process cannot use the store, or has ended.
        """
        appended: list[Appended] = []
        while data := self._receive():
            for message in self.parser.feed(data):
                match message:
                    case Appended():
                        appended.append(message)
                    case Opened(version=version) if version == VERSION:
                        return appended
                    case NotOpened(problem=problem):
                        raise StoreNotOpenedError(problem)
                    case Opened(version=version):
                        raise StoreNotOpenedError(
                            f"the store process speaks version {version} and this service {VERSION}: the program was"
                            " upgraded; restart the service"
                        )
                    case _:
                        raise StoreProtocolError(f"a {type(message).__name__} came before the store was opened")
        raise StoreNotOpenedError(f"the store process has ended with status {self.end()}: see what it logged before")

    def hang_up(self) -> None:
        """Say nothing more to the process, and hear nothing more of it. Any thread may call it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """End the process at once, whatever is under way."""
        self._process.kill()

    def end(self, *, patience_s: float = _END_S) -> int:
        """Let the process finish what is under way, and wait for its end; returns its status. Blocks.

        Args:
            patience_s: how long that may take, in seconds.
        """
        self.socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(patience_s)
        self._process.kill()
        return self._process.wait()

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(_RECEIVE_BYTES)
        except OSError:
            return b""
