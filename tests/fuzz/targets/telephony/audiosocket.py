"""AudioSocket: the messages of a plain reader however the octets are cut, an error that stays, a bounded buffer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from ivr.telephony.audiosocket.codec import (
    FRAME_BYTES,
    KIND_AUDIO,
    KIND_ERROR,
    KIND_KEY,
    KIND_TERMINATE,
    KIND_UUID,
    MAX_PAYLOAD_BYTES,
    Audio,
    AudioSocketParser,
    CallId,
    KeyFrame,
    Message,
    PeerError,
    Terminate,
)
from ivr.telephony.audiosocket.inbox import MAX_WAITING, Inbox
from ivr.telephony.errors import RemoteProtocolError
from tests.fuzz.inputs import in_pieces, split_head
from tests.fuzz.streams import Heard, hear

_CUTS = 4
_SLACK = 3


def one_input(data: bytes) -> None:
    cuts, stream = split_head(data, _CUTS)
    whole = hear(AudioSocketParser(), [stream], _SLACK + MAX_PAYLOAD_BYTES)
    cut = hear(AudioSocketParser(), in_pieces(stream, cuts), _SLACK + MAX_PAYLOAD_BYTES)
    assert cut == whole
    assert (whole.messages, bool(whole.error)) == _as_plainly_read(stream)
    _whole_frames_are_the_same(stream, cuts)
    _through_the_inbox(whole, cuts)


def _as_plainly_read(stream: bytes) -> tuple[list[Message], bool]:
    """Read a whole stream without a buffer; return its messages, and whether it is broken or cut after them."""
    messages: list[Message] = []
    while stream:
        kind, length = stream[0], int.from_bytes(stream[1:3])
        is_header_whole = len(stream) >= 3
        payload, stream = stream[3 : 3 + length], stream[3 + length :]
        message = _PLAINLY[kind](payload) if messages and kind in _PLAINLY else None
        if not messages and (kind, length) == (KIND_UUID, len(payload)) == (KIND_UUID, 16):
            message = CallId(UUID(bytes=payload))
        if message is None or not is_header_whole or len(payload) < length or length > MAX_PAYLOAD_BYTES:
            return messages, True
        messages.append(message)
    return messages, False


_KEYS = {bytes((key,)) for key in b"0123456789*#ABCDabcd"}
_PLAINLY: Mapping[int, Callable[[bytes], Message | None]] = {
    KIND_AUDIO: lambda payload: None if len(payload) % 2 else Audio(payload),
    KIND_KEY: lambda payload: KeyFrame(payload.decode().upper()) if payload in _KEYS else None,
    KIND_TERMINATE: lambda _: Terminate(),
    KIND_ERROR: lambda payload: PeerError(payload[0] if payload else 0),
}


def _whole_frames_are_the_same(stream: bytes, cuts: bytes) -> None:
    """The short way for a frame gives what the long one gives."""
    short, long = AudioSocketParser(), AudioSocketParser()
    for piece in in_pieces(stream, cuts):
        frame = short.whole_frame(piece)
        long.feed(piece)
        if frame is None:
            short.feed(piece)
        while True:
            try:
                expected = long.next_message()
            except RemoteProtocolError:
                assert frame is None
                return
            got = short.next_message() if frame is None else Audio(frame)
            assert got == expected
            if frame is not None:
                assert long.next_message() is None
                break
            if expected is None:
                break


def _through_the_inbox(heard: Heard[Message], cuts: bytes) -> None:
    """Whatever came, the inbox gives it as frames of 20 ms, and holds half a minute at most."""
    inbox, now_s = Inbox(), 0.0
    for place, each in enumerate(heard.messages):
        now_s += cuts[place % len(cuts)] / 500
        if isinstance(each, Audio | KeyFrame):
            inbox.put([each], now_s)
        assert inbox.waiting <= MAX_WAITING
    inbox.close()
    for _ in range(inbox.waiting + 1):
        taken = inbox.take(now_s)
        frame = getattr(taken, "frame", None)
        assert frame is None or len(frame) == FRAME_BYTES
    assert inbox.waiting == 0
