"""What the parsers of both protocols share: bytes in, messages out, an error that stays. Sans-I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from typing import ClassVar, Generic, TypeVar

from ivr.telephony.errors import CutMessageError, LocalProtocolError, RemoteProtocolError

Message = TypeVar("Message")


class Parser(ABC, Generic[Message]):
    """Turns received bytes into messages, however they were cut.

    Feed it what was received (`feed`), then take messages until none is left (`next_message`). Call `end` when the
    stream has ended. The messages before a broken one come first, then the error. The error stays: the stream has lost
    its place, and everything received after it is dropped.
    """

    protocol: ClassVar[str]
    """Names the protocol in errors."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._complete: deque[Message] = deque()
        self._error: RemoteProtocolError | None = None
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Take bytes that were received.

        Raises:
            LocalProtocolError: `end` was called before.
        """
        if self._ended:
            raise LocalProtocolError(
                f"{self.protocol}: {len(data)} octets were fed after the end of the stream; each connection needs a "
                "parser of its own"
            )
        if self._error is not None:
            return
        self._buffer += data
        try:
            for message in self._messages():
                self._complete.append(message)  # one by one: those before a broken message count
        except RemoteProtocolError as error:
            self._error = error
            self._buffer.clear()

    def next_message(self) -> Message | None:
        """Take the oldest message that was not taken yet; None until more is fed.

        Raises:
            RemoteProtocolError: the peer does not speak the protocol, or the stream's end cut a message; raised by each
                call from then on.
        """
        if self._complete:
            return self._complete.popleft()
        if self._error is not None:
            raise self._error
        return None

    def end(self) -> None:
        """Note that the stream has ended: the peer sends no more.

        Raises:
            CutMessageError: the end cut a message. (Not if an earlier message was broken: that error stays.)
        """
        self._ended = True
        if self._error is None and (cut := self._cut()) is not None:
            self._error = cut
            self._buffer.clear()
            raise cut

    @abstractmethod
    def _messages(self) -> Iterator[Message]:
        """Take the complete messages out of the buffer; raises `RemoteProtocolError` at the first broken one."""

    @abstractmethod
    def _cut(self) -> CutMessageError | None:
        """The error for the message that would be cut if the stream ended here; None between messages."""
