"""Calls straight to the service, by FastAGI and AudioSocket as Asterisk brings them: for more than one carries.

There is no RTP on the way. A frame that a line loses is not sent, and an event is AudioSocket's message for a key, at
the key's end.
"""

from __future__ import annotations

import errno
import itertools
import select
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp import ulaw_decode
from ivr.lab.load.crowd.direct.agi_call import AgiCall, AudioWanted
from ivr.lab.load.crowd.hearing import loud_samples
from ivr.lab.load.crowd.keying import Keying
from ivr.lab.load.crowd.plan import Plan
from ivr.lab.load.crowd.trunk import LOSS_FRAMES, SLOTS, Change, EntrySent, Heard, lost_frames
from ivr.lab.telephone.rtp import END_REPEATS
from ivr.telephony.audiosocket.codec import (
    FRAME_BYTES,
    KIND_AUDIO,
    KIND_KEY,
    KIND_UUID,
    SILENCE,
    audio_message,
    message,
)

_READ: Final = 65536
_HEADER: Final = 3
_SILENCE: Final = audio_message(SILENCE)
_GONE: Final = select.EPOLLHUP | select.EPOLLERR


@dataclass(slots=True)
class _Socket:
    """A connection of a call, and what is still to be sent on it."""

    socket: socket.socket
    outbox: bytearray = field(default_factory=bytearray, repr=False)

    def flush(self) -> None:
        """Send as much as the peer takes now."""
        if not self.outbox:
            return
        with suppress(OSError):  # it takes nothing now, or has gone, which shows when we read
            del self.outbox[: self.socket.send(self.outbox)]


@dataclass(slots=True)
class _Pressing:
    keying: Keying = field(repr=False)
    messages: list[bytes] = field(repr=False)
    frame: int = 0


@dataclass(slots=True)
class _Call:
    place: int
    agi: AgiCall
    control: _Socket
    lost: NDArray[np.bool_]
    audio: _Socket | None = None
    received: bytes = field(default=b"", repr=False)
    pressing: _Pressing | None = None
    frame: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectWay:
    """The way straight to the service.

    Attributes:
        service: where the service takes FastAGI.
        secret: what the service and Asterisk share.
    """

    service: tuple[str, int]
    secret: str = field(repr=False)

    def open(self, places: int) -> DirectTrunk:
        """Open the trunk for so many calls at once."""
        return DirectTrunk(self, places)


class DirectTrunk:
    """The calls of all places, each by two connections.

    Args:
        way: where they go.
        places: how many calls there may be at once.
    """

    def __init__(self, way: DirectWay, places: int) -> None:
        self._service = way.service
        self._secret = way.secret
        self._epoll = select.epoll()
        self._calls: dict[int, _Call] = {}
        self._of_file: dict[int, _Call] = {}
        self._of_slot = [range(slot, places, SLOTS) for slot in range(SLOTS)]
        self._names = itertools.count(1)
        self._changes: list[tuple[int, Change]] = []
        self._heard: list[tuple[int, bytes]] = []

    def dial(self, place: int, plan: Plan, chance: np.random.Generator, now: float) -> None:
        """Connect to the service as Asterisk does for a call."""
        agi = AgiCall(plan.caller, secret=self._secret, name=f"{now:.3f}.{next(self._names)}")
        call = _Call(place, agi, _Socket(_connecting(self._service)), lost_frames(chance, plan.loses))
        self._calls[place] = call
        self._watch(call, call.control)

    def press(self, place: int, keying: Keying) -> None:
        """Send an entry, from the next frame on."""
        self._calls[place].pressing = _Pressing(keying, _messages(keying))

    def hang_up(self, place: int, now: float) -> None:
        """Close the audio, as Asterisk does, and tell the service so."""
        call = self._calls[place]
        self._end_audio(call)
        call.agi.hung_up()
        self._tell(call)

    def changes(self, now: float) -> list[tuple[int, Change]]:
        """Take what has come on all connections."""
        for number, events in self._epoll.poll(0):
            call = self._of_file.get(number)
            if call is None:
                continue
            if call.control.socket.fileno() == number:
                self._control(call, events)
            elif call.audio is not None:
                self._audio(call, call.audio, events)
        found, self._changes = self._changes, []
        return found

    def hear(self, now: float) -> Iterator[Heard]:
        """Give the audio that came with the last changes."""
        heard, self._heard = self._heard, []
        if heard:
            places = np.array([place for place, _ in heard], np.intp)
            samples = np.frombuffer(b"".join(frame for _, frame in heard), "<i2").reshape(len(heard), -1)
            yield places, loud_samples(samples), np.full(len(heard), now)

    def send(self, slot: int) -> list[EntrySent]:
        """Send a frame for each call of a slot."""
        changed: list[EntrySent] = []
        for place in self._of_slot[slot]:
            call = self._calls.get(place)
            if call is None or call.audio is None:
                continue
            data, pressing = _SILENCE, call.pressing
            if pressing is not None:
                data = pressing.messages[pressing.frame]
                if pressing.frame == 0:
                    changed.append(EntrySent(place, pressing.keying, is_over=False))
                pressing.frame += 1
                if pressing.frame == len(pressing.messages):
                    changed.append(EntrySent(place, pressing.keying, is_over=True))
                    call.pressing = None
            if not call.lost[call.frame % LOSS_FRAMES]:
                call.audio.outbox += data
            call.frame += 1
            call.audio.flush()
        return changed

    def close(self) -> None:
        """Close all connections."""
        for call in list(self._calls.values()):
            self._end_audio(call)
            call.control.socket.close()
        self._epoll.close()

    # --- one connection -------------------------------------------------------------------------------------

    def _watch(self, call: _Call, connection: _Socket) -> None:
        self._of_file[connection.socket.fileno()] = call
        self._epoll.register(connection.socket, select.EPOLLIN | select.EPOLLOUT)

    def _control(self, call: _Call, events: int) -> None:
        if events & select.EPOLLOUT and not events & _GONE:
            self._epoll.modify(call.control.socket, select.EPOLLIN)
            self._tell(call)
        if not events & (select.EPOLLIN | _GONE):
            return
        data = _received(call.control.socket)
        if data is None:
            return
        if not data:
            self._over(call)
            return
        answered_before = call.agi.answered
        wanted = call.agi.receive(data)
        self._tell(call)
        if call.agi.answered and not answered_before:
            self._changes.append((call.place, Change.ANSWERED))
        if wanted is not None:
            self._bring_audio(call, wanted)

    def _tell(self, call: _Call) -> None:
        call.control.outbox += call.agi.outbox
        call.agi.outbox.clear()
        call.control.flush()

    def _bring_audio(self, call: _Call, wanted: AudioWanted) -> None:
        call.audio = _Socket(_connecting(wanted.address), bytearray(message(KIND_UUID, wanted.uuid.bytes)))
        call.received = b""
        self._watch(call, call.audio)

    def _audio(self, call: _Call, audio: _Socket, events: int) -> None:
        if events & select.EPOLLOUT and not events & _GONE:
            self._epoll.modify(audio.socket, select.EPOLLIN)
            audio.flush()
        if not events & (select.EPOLLIN | _GONE):
            return
        data = _received(audio.socket)
        if data is None:
            return
        frames, call.received, is_over = _cut(call.received + data)
        self._heard += [(call.place, frame) for frame in frames]
        if is_over or not data:
            self._end_audio(call)
            call.agi.audio_over()
            self._tell(call)

    def _end_audio(self, call: _Call) -> None:
        if call.audio is not None:
            del self._of_file[call.audio.socket.fileno()]
            call.audio.socket.close()
            call.audio = call.pressing = None

    def _over(self, call: _Call) -> None:
        self._end_audio(call)
        del self._of_file[call.control.socket.fileno()], self._calls[call.place]
        call.control.socket.close()
        self._changes.append((call.place, Change.ENDED))


def _connecting(address: tuple[str, int]) -> socket.socket:
    """Start to connect; that the peer has taken it shows when the socket can be written to."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.connect_ex(address)
    return made


def _received(connection: socket.socket) -> bytes | None:
    """What has come; nothing if the peer has closed or is not there, None if there is nothing yet."""
    try:
        return connection.recv(_READ)
    except BlockingIOError:
        return None
    except OSError as error:
        return None if error.errno == errno.ENOTCONN else b""


def _cut(data: bytes) -> tuple[list[bytes], bytes, bool]:
    """Cut a stream into messages; returns its frames of audio, what is left of it, and whether the service ends it."""
    frames: list[bytes] = []
    start, is_over = 0, False
    while len(data) - start >= _HEADER:
        kind = data[start]
        end = start + _HEADER + int.from_bytes(data[start + 1 : start + _HEADER])
        if len(data) < end:
            break
        if kind == KIND_AUDIO and end - start == _HEADER + FRAME_BYTES:
            frames.append(data[start + _HEADER : end])
        is_over = is_over or kind != KIND_AUDIO
        start = end
    return frames, data[start:], is_over


def _messages(keying: Keying) -> list[bytes]:
    """What is sent in each frame of an entry: its audio, or a key where an event ends, or nothing within the event."""
    made = [audio_message(frame.astype("<i2").tobytes()) for frame in ulaw_decode(keying.audio)]
    for place, event in keying.events.items():
        made[place] = message(KIND_KEY, event.key.encode()) if event.repeats == END_REPEATS else b""
    return made
