"""The AudioSocket codec: bytes in, messages out, and no way to break it."""

from __future__ import annotations

from itertools import accumulate
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.audiosocket.codec import (
    FRAME_BYTES,
    KEYS,
    TERMINATE,
    Audio,
    AudioSocketParser,
    CallId,
    KeyFrame,
    Message,
    PeerError,
    Terminate,
    audio_message,
    message,
)
from ivr.telephony.errors import CutMessageError, RemoteProtocolError
from tests.ivr.telephony.streams import cuts, fed, told

UUID_BYTES = bytes(range(16))
HELLO = message(0x01, UUID_BYTES)

wire_messages = st.one_of(
    st.binary(max_size=400).map(
        lambda data: (message(0x10, data[: len(data) // 2 * 2]), Audio(data[: len(data) // 2 * 2]))
    ),
    st.sampled_from(sorted(KEYS)).map(lambda key: (message(0x03, key.encode()), KeyFrame(key))),
    st.just((TERMINATE, Terminate())),
    st.integers(0, 255).map(lambda code: (message(0xFF, bytes([code])), PeerError(code))),
)


@given(st.lists(wire_messages, max_size=8), cuts)
def test_messages_come_out_the_same_however_the_bytes_were_cut(
    sent: list[tuple[bytes, object]], lengths: list[int]
) -> None:
    stream = HELLO + b"".join(wire for wire, _ in sent)
    messages = [CallId(UUID(bytes=UUID_BYTES)), *(value for _, value in sent)]
    assert told(AudioSocketParser(), stream, lengths) == (messages, None)


@given(st.lists(wire_messages, max_size=4), st.binary(max_size=30), st.integers(0, 2000), cuts)
def test_a_stream_with_garbage_in_it_gives_the_same_messages_and_the_same_error_however_it_was_cut(
    sent: list[tuple[bytes, object]], garbage: bytes, at: int, lengths: list[int]
) -> None:
    stream = HELLO + b"".join(wire for wire, _ in sent)
    stream = stream[:at] + garbage + stream[at:]
    assert told(AudioSocketParser(), stream, lengths) == told(AudioSocketParser(), stream, [])


@given(st.lists(wire_messages, max_size=4), st.data())
def test_a_stream_that_ends_within_a_message_says_after_how_many_octets_of_how_many(
    sent: list[tuple[bytes, object]], data: st.DataObject
) -> None:
    wires = [HELLO, *(wire for wire, _ in sent)]
    whole = data.draw(st.integers(0, len(wires) - 1))
    received = data.draw(st.integers(0, len(wires[whole]) - 1))
    parser = AudioSocketParser()
    assert len(fed(parser, b"".join(wires[:whole]) + wires[whole][:received])) == whole
    if not received:
        parser.end()
        assert parser.next_message() is None
        return
    with pytest.raises(CutMessageError) as cut:
        parser.end()
    assert (cut.value.received, cut.value.announced) == (received, 3 if received < 3 else len(wires[whole]))
    assert f"after {received} of {cut.value.announced} octets" in str(cut.value)
    with pytest.raises(CutMessageError):
        parser.next_message()


@pytest.mark.parametrize(
    "broken", [message(0x77), message(0x10, bytes(321)), message(0x03, b"x"), b"\x10\xff\xff"], ids=str
)
def test_good_messages_before_a_broken_one_in_the_same_chunk_are_given_first(broken: bytes) -> None:
    parser = AudioSocketParser()
    parser.feed(HELLO + message(0x03, b"5") + audio_message(b"\1\0") + broken + message(0x03, b"6"))
    given_first = [parser.next_message() for _ in range(3)]
    assert given_first == [CallId(UUID(bytes=UUID_BYTES)), KeyFrame("5"), Audio(b"\1\0")]
    for _ in range(2):
        with pytest.raises(RemoteProtocolError):
            parser.next_message()


wire_frames = st.binary(min_size=FRAME_BYTES, max_size=FRAME_BYTES).map(lambda data: (audio_message(data), Audio(data)))


@given(st.lists(st.one_of(wire_frames, wire_messages), max_size=12), st.lists(st.integers(1, 700), max_size=30))
def test_the_short_way_of_a_whole_frame_gives_what_the_long_way_gives(
    sent: list[tuple[bytes, Message]], cut_at: list[int]
) -> None:
    """Cut at messages' ends, and anywhere."""
    stream = HELLO + b"".join(data for data, _ in sent)
    ends = [*accumulate((len(data) for data, _ in sent), initial=len(HELLO))]
    for places in (ends, sorted({*ends, *(place for place in cut_at if place < len(stream))})):
        parser = AudioSocketParser()
        messages: list[Message] = []
        for start, end in zip([0, *places], [*places, len(stream)], strict=True):
            frame = parser.whole_frame(stream[start:end])
            messages += fed(parser, stream[start:end]) if frame is None else [Audio(frame)]
        assert messages == [CallId(UUID(bytes=UUID_BYTES)), *(message for _, message in sent)]


def test_behind_a_broken_message_no_frame_counts() -> None:
    parser = AudioSocketParser()
    frame = audio_message(bytes(FRAME_BYTES))
    assert parser.whole_frame(frame) is None  # the call's UUID has not come
    fed(parser, HELLO)
    assert parser.whole_frame(frame) == bytes(FRAME_BYTES)
    with pytest.raises(RemoteProtocolError):
        fed(parser, message(0x77))
    assert parser.whole_frame(frame) is None


@given(st.lists(st.binary(max_size=64), max_size=20))
def test_garbage_gives_messages_or_an_error_and_nothing_else(chunks: list[bytes]) -> None:
    parser, broken = AudioSocketParser(), None
    for chunk in [HELLO, *chunks]:
        try:
            fed(parser, chunk)
        except RemoteProtocolError as error:
            assert broken in (None, error)  # noqa: PT017 - once broken, always the same error
            broken = error
        else:
            assert broken is None


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (message(0x10, bytes(320)), "not the call's UUID"),
        (message(0x01, bytes(15)), "15 octets"),
        (b"GET / HTTP/1.0\r\n\r\n", "kind 0x47"),
        (HELLO + message(0x10, bytes(321)), "321 octets"),
        (HELLO + b"\x10\xff\xff", "65535 octets"),
        (HELLO + message(0x77), "kind 0x77"),
        (HELLO + message(0x03, b"12"), "names no key"),
        (HELLO + message(0x03), "names no key"),
        (HELLO + message(0x03, b"x"), "names no key"),
    ],
)
def test_what_is_not_audiosocket_is_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(RemoteProtocolError, match=named):
        fed(AudioSocketParser(), data)


def test_a_header_of_too_much_is_refused_before_its_payload_comes() -> None:
    with pytest.raises(RemoteProtocolError, match="announces 60000"):
        fed(AudioSocketParser(), HELLO + b"\x10" + (60000).to_bytes(2))


def test_a_frame_of_20_ms_is_323_octets() -> None:
    assert audio_message(bytes(FRAME_BYTES)) == b"\x10\x01\x40" + bytes(320)
    assert audio_message(b"\1\0") == b"\x10\x00\x02\x01\x00"


def test_a_key_is_not_in_the_repr_of_its_message() -> None:
    assert "7" not in repr(KeyFrame("7"))
