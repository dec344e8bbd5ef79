"""AudioSocket: the same messages however the octets are cut, an error that stays, and a bounded buffer."""

from __future__ import annotations

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
    message,
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
    _written_again(whole, stream)
    _whole_frames_are_the_same(stream, cuts)
    _through_the_inbox(whole, cuts)


def _written_again(heard: Heard[Message], stream: bytes) -> None:
    """What was understood, and sent again, is what came (a key's letter may be small, an error's rest is not read)."""
    again = b"".join(map(_octets, heard.messages))
    exact = all(not isinstance(each, PeerError) and each != KeyFrame("A") for each in heard.messages)
    if exact and not any(isinstance(each, KeyFrame) and each.key in "ABCD" for each in heard.messages):
        kinds = [each for each in heard.messages if not isinstance(each, Audio | KeyFrame | CallId)]
        assert kinds or stream.startswith(again)


def _octets(one: Message) -> bytes:
    match one:
        case CallId(uuid):
            return message(KIND_UUID, uuid.bytes)
        case Audio(payload):
            return message(KIND_AUDIO, payload)
        case KeyFrame(key):
            return message(KIND_KEY, key.encode())
        case PeerError(code):
            return message(KIND_ERROR, bytes((code,)))
    return message(KIND_TERMINATE)


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
