"""What holds for the parsers of both protocols: after an end, after an error, and in what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, SupportsIndex, overload

import pytest

from ivr.telephony import parser as parser_module
from ivr.telephony.audiosocket.codec import AudioSocketParser, audio_message, message
from ivr.telephony.errors import CutMessageError, LocalProtocolError, RemoteProtocolError
from ivr.telephony.fastagi.codec import AgiConnection
from ivr.telephony.parser import Parser
from tests.ivr.telephony.streams import fed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

parsers = pytest.mark.parametrize("new", [AudioSocketParser, AgiConnection])


class Watched(bytearray):
    """Counts the octets that a parser looks at."""

    looked_at = 0

    def find(
        self, sub: ReadableBuffer | SupportsIndex, start: SupportsIndex | None = 0, end: SupportsIndex | None = None
    ) -> int:
        found = super().find(sub, start, end)
        Watched.looked_at += (len(self) if found < 0 else found + 1) - int(start or 0)
        return found

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> int: ...

    @overload
    def __getitem__(self, key: slice, /) -> bytearray: ...

    def __getitem__(self, key: SupportsIndex | slice, /) -> int | bytearray:
        got = super().__getitem__(key)
        Watched.looked_at += len(got) if isinstance(got, bytearray) else 1
        return got

    def _all(self, *_arguments: object, **_named: object) -> NoReturn:
        raise AssertionError("looks at the whole buffer: count what it looks at")

    index = partition = split = splitlines = __contains__ = __iter__ = _all


@pytest.mark.parametrize(
    ("new", "stream", "messages"),
    [
        (AudioSocketParser, message(0x01, bytes(16)) + audio_message(bytes(4096)), 2),
        (AgiConnection, b"agi_x: " + b"y" * 8000 + b"\n\n", 1),
    ],
    ids=["AudioSocket", "AGI"],
)
def test_what_comes_octet_by_octet_is_not_looked_at_again_and_again(
    new: Callable[[], Parser[object]], stream: bytes, messages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser_module, "bytearray", Watched, raising=False)
    monkeypatch.setattr(Watched, "looked_at", 0)
    parser = new()
    taken = [found for octet in stream for found in fed(parser, bytes([octet]))]
    assert len(taken) == messages
    assert len(stream) <= Watched.looked_at <= 6 * len(stream)


@parsers
def test_what_follows_a_broken_message_is_dropped_and_the_error_stays(new: Callable[[], Parser[object]]) -> None:
    parser = new()
    errors = []
    for data in (b"\xff\xff\xff\n", message(0x01, bytes(16)), b"agi_x: y\n\n"):
        with pytest.raises(RemoteProtocolError) as error:
            fed(parser, data)
        errors.append(error.value)
    parser.end()
    assert len(set(errors)) == 1
    assert not isinstance(errors[0], CutMessageError)


@parsers
def test_after_the_end_of_a_stream_nothing_can_be_fed(new: Callable[[], Parser[object]]) -> None:
    parser = new()
    parser.end()
    with pytest.raises(LocalProtocolError, match="3 octets were fed after the end"):
        parser.feed(b"abc")
