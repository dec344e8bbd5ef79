"""What a sans-I/O parser makes of a stream, and what must hold while it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ivr.telephony.errors import RemoteProtocolError
from ivr.telephony.parser import Parser

M = TypeVar("M")


@dataclass(frozen=True)
class Heard(Generic[M]):
    """What was understood.

    Attributes:
        messages: the messages.
        error: the text of the error that ended them; "" if there was none.
    """

    messages: Sequence[M]
    error: str


def hear(parser: Parser[M], pieces: Sequence[bytes], most_held: int) -> Heard[M]:
    """Give a parser a stream and its end.

    Args:
        parser: a new parser.
        pieces: the stream, as it was cut.
        most_held: how many octets the parser may keep after each piece.
    """
    messages: list[M] = []
    error = ""
    for piece in pieces:
        parser.feed(piece)
        error = error or _taken(parser, messages)
        assert held(parser) <= most_held
    try:
        parser.end()
    except RemoteProtocolError as cut:
        assert not error
        error = str(cut)
    stays = _taken(parser, messages)
    assert stays == error, "the error stays"
    return Heard(messages, error)


def held(parser: Any) -> int:
    """Return how many octets a parser keeps."""
    return len(parser._buffer)


def _taken(parser: Parser[M], messages: list[M]) -> str:
    try:
        while (message := parser.next_message()) is not None:
            messages.append(message)
    except RemoteProtocolError as error:
        return str(error)
    return ""
