"""A stream for a parser in a test: cut into chunks, fed, and its messages collected."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

from ivr.telephony.errors import RemoteProtocolError
from ivr.telephony.parser import Parser

Message = TypeVar("Message")

cuts = st.lists(st.integers(0, 50), max_size=60)
"""How long each chunk is; the rest of the stream is one more chunk."""


def fed(parser: Parser[Message], data: bytes) -> list[Message]:
    """Feed one chunk; returns its messages, or raises its error."""
    parser.feed(data)
    messages = []
    while (message := parser.next_message()) is not None:
        messages.append(message)
    return messages


def told(parser: Parser[Message], stream: bytes, lengths: list[int]) -> tuple[list[Message], str | None]:
    """Feed a whole stream in chunks of these lengths, and its end; returns its messages, and its error or None."""
    messages: list[Message] = []
    try:
        for length in [*lengths, len(stream)]:
            parser.feed(stream[:length])
            stream = stream[length:]
            while (message := parser.next_message()) is not None:
                messages.append(message)
        parser.end()
    except RemoteProtocolError as error:
        return messages, f"{type(error).__name__}: {error}"
    return messages, None
