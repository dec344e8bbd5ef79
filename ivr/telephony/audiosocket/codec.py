"""The AudioSocket protocol, sans-I/O: bytes in, messages out.

A message is a kind (1 octet), a length (2 octets, big endian) and a payload. Asterisk opens the connection and first
sends the call's UUID. Then it sends audio, 20 ms at a time, as the caller's RTP arrives, and one message for each RFC
4733 key, at the key's end. We send audio, from the first moment on (Asterisk ends a call in which nothing comes for
2 s, neither from us nor from the caller), and a terminate message. Source: Asterisk 22.10, res_audiosocket.c and its
documentation; the facts about timing were measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from ivr.telephony.errors import CutMessageError, RemoteProtocolError
from ivr.telephony.parser import Parser
from sound.telephone import FRAME_SAMPLES

FRAME_BYTES: Final = 2 * FRAME_SAMPLES
"""20 ms of signed 16-bit little-endian samples at 8 kHz."""
SILENCE: Final = bytes(FRAME_BYTES)

KIND_TERMINATE: Final = 0x00
KIND_UUID: Final = 0x01
KIND_KEY: Final = 0x03
KIND_AUDIO: Final = 0x10
KIND_ERROR: Final = 0xFF

_HEADER_BYTES: Final = 3
MAX_PAYLOAD_BYTES: Final = 4096
"""Asterisk sends 320 octets of audio. A peer that announces far more is not Asterisk."""

KEYS: Final = frozenset("0123456789*#ABCD")


@dataclass(frozen=True, slots=True)
class CallId:
    """The first message: it says which call this connection carries."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class Audio:
    """A piece of the caller's audio: signed 16-bit little-endian samples at 8 kHz."""

    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """An RFC 4733 key that has ended. It may be a password digit."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Terminate:
    """The peer ends the stream. (For a hang-up Asterisk simply closes the connection.)"""


@dataclass(frozen=True, slots=True)
class PeerError:
    """The peer reports an error.

    Attributes:
        code: Asterisk's number of the error.
    """

    code: int


Message = CallId | Audio | KeyFrame | Terminate | PeerError


class AudioSocketParser(Parser[Message]):
    """Turns the bytes that Asterisk sends into messages."""

    protocol = "AudioSocket"

    def __init__(self) -> None:
        super().__init__()
        self._first = True

    def whole_frame(self, data: bytes) -> bytes | None:
        """Return the audio of what was received, if that is one message of 20 ms and nothing came before it.

        What Asterisk sends usually is: this takes a sixth of the time of `feed` and `next_message`, which are for the
        rest.
        """
        usual = len(data) == _FRAME_MESSAGE_BYTES and data.startswith(_AUDIO_HEADER)
        if usual and not (self._first or self._buffer or self._complete or self._error or self._ended):
            return data[_HEADER_BYTES:]
        return None

    def _messages(self) -> Iterator[Message]:
        buffer = self._buffer
        start = 0
        while len(buffer) - start >= _HEADER_BYTES:
            kind = buffer[start]
            length = int.from_bytes(buffer[start + 1 : start + _HEADER_BYTES])
            self._check_header(kind, length)
            end = start + _HEADER_BYTES + length
            if len(buffer) < end:
                break
            yield self._message(kind, bytes(buffer[start + _HEADER_BYTES : end]))
            start = end
        del buffer[:start]

    def _cut(self) -> CutMessageError | None:
        received = len(self._buffer)
        if not received:
            return None
        if received < _HEADER_BYTES:
            return CutMessageError(self.protocol, "a message's header", received=received, announced=_HEADER_BYTES)
        announced = _HEADER_BYTES + int.from_bytes(self._buffer[1:_HEADER_BYTES])
        what = f"a message of kind 0x{self._buffer[0]:02x}"
        return CutMessageError(self.protocol, what, received=received, announced=announced)

    def _check_header(self, kind: int, length: int) -> None:
        if self._first and (kind, length) != (KIND_UUID, 16):
            raise RemoteProtocolError(
                f"AudioSocket: the first message is kind 0x{kind:02x} with {length} octets, not the call's UUID"
            )
        if length > MAX_PAYLOAD_BYTES:
            raise RemoteProtocolError(
                f"AudioSocket: a message of kind 0x{kind:02x} announces {length} octets, "
                f"more than {MAX_PAYLOAD_BYTES}; Asterisk 22.10 or newer is needed (22.7 and 22.8 send wrong headers)"
            )

    def _message(self, kind: int, payload: bytes) -> Message:
        if self._first:
            self._first = False
            return CallId(UUID(bytes=payload))
        if kind == KIND_AUDIO:
            if len(payload) % 2:
                raise RemoteProtocolError(f"AudioSocket: audio of {len(payload)} octets is not whole samples")
            return Audio(payload)
        if kind == KIND_KEY:
            key = payload.decode("latin-1").upper()
            if key not in KEYS:
                raise RemoteProtocolError(f"AudioSocket: a key message of {len(payload)} octets names no key")
            return KeyFrame(key)
        if kind == KIND_TERMINATE:
            return Terminate()
        if kind == KIND_ERROR:
            return PeerError(payload[0] if payload else 0)
        raise RemoteProtocolError(f"AudioSocket: kind 0x{kind:02x} is unknown; only audio at 8 kHz is spoken here")


def audio_message(payload: bytes) -> bytes:
    """Make one audio message, header and payload in one piece.

    Args:
        payload: signed 16-bit little-endian samples at 8 kHz; `FRAME_BYTES` for 20 ms.
    """
    return _AUDIO_HEADER + payload if len(payload) == FRAME_BYTES else message(KIND_AUDIO, payload)


def message(kind: int, payload: bytes = b"") -> bytes:
    """Make a message of any kind.

    Raises:
        ValueError: the payload is longer than the length field can express.
    """
    if len(payload) > 0xFFFF:
        raise ValueError(f"an AudioSocket payload of {len(payload)} octets is longer than 65535")
    return bytes((kind,)) + len(payload).to_bytes(2) + payload


_AUDIO_HEADER: Final = message(KIND_AUDIO, SILENCE)[:_HEADER_BYTES]
_FRAME_MESSAGE_BYTES: Final = _HEADER_BYTES + FRAME_BYTES
TERMINATE: Final = message(KIND_TERMINATE)
