"""What a caller has sent and the media clock has not taken yet, in order. Sans-I/O.

The inbox holds frames of 20 ms, each with the number that are missing before it, and key frames between them. A frame
that came late waits here until it is known whether others are missing (`ivr.telephony.audiosocket.arrivals`). Time
without packets is time, too: when nothing has come for a while the inbox gives silence, so that a key ends even if it
was the last thing sent. If everything then comes after all, only late, that silence was wrong.

When this host is late, audio piles up here. It is still what the caller said, so it is kept, and heard faster than it
was spoken. Only what is older than anyone has use for is dropped, and the one who takes learns of it.

A gap with a key frame in it is not a gap. While an RFC 4733 event goes on, from its first packet to its end, Asterisk
drops the caller's audio (main/channel.c, `__ast_read`: voice is discarded while a channel is in, or emulates, a digit).
A gateway that sends the event in place of the tone drops it, too. The audio that follows joins on directly: the rest of
a tone whose event has ended continues the part of it that came before its event started.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ivr.telephony.audiosocket.arrivals import BEAT_S, Arrivals
from ivr.telephony.audiosocket.codec import FRAME_BYTES, Audio, KeyFrame
from ivr.telephony.audiosocket.repeats import Repeats

MAX_WAITING: Final = 1500
"""Half a minute of frames (and keys) that the clock has not taken: the dialogue has long asked for something else, and
each call holds half a megabyte."""
QUIET_S: Final = 0.3
"""How long nothing must have come. Networks hold packets up for 0.2 s now and then, and a caller does not notice that
the time between keys starts so much later."""


@dataclass(frozen=True, slots=True)
class FrameSent:
    """20 ms of the caller's audio.

    Attributes:
        frame: signed 16-bit little-endian samples at 8 kHz, `FRAME_BYTES` octets.
        missing: how many frames did not arrive just before it, not counting those for which silence was given already.
        ahead: more frames have come than were due, so what was missing before was late.
        late: the silence that was given just before it was wrong, because fewer frames are missing.
    """

    frame: bytes = field(repr=False)
    missing: int = 0
    ahead: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class KeySent:
    """A key that came as an event. It may be a password digit.

    Attributes:
        key: the key.
        repeated: the exchange has reported the same event before (`ivr.telephony.audiosocket.repeats`).
    """

    key: str = field(repr=False)
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class NothingSent:
    """20 ms in which nothing came."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What came here was dropped, because it was not taken in time."""


Taken = FrameSent | KeySent | NothingSent | Dropped


class Inbox:
    """Everything that one caller has sent and the clock has not taken."""

    def __init__(self) -> None:
        self._arrivals = Arrivals()
        self._rest = bytearray()
        self._repeats = Repeats()
        self._known: deque[bytes | FrameSent | KeySent | Dropped] = deque()  # bytes: a frame like any other
        self._doubted: list[bytes] = []
        self._quiet_from_s = math.inf
        self._given = 0

    @property
    def waiting(self) -> int:
        """How many frames and keys were not taken yet."""
        return len(self._known) + len(self._doubted)

    def put(self, messages: Sequence[Audio | KeyFrame], now_s: float) -> None:
        """Take in messages that arrived together, at `now_s` of a clock that rises. If too many wait, the oldest go."""
        payloads: list[bytes] = []
        for message in messages:
            if isinstance(message, Audio):
                payloads.append(message.payload)
                continue
            self._put_audio(payloads, now_s)
            payloads = []
            self._arrivals.interrupted()
            self._release()
            self._known.append(KeySent(message.key, self._repeats.key(message.key, now_s)))
            self._given = 0
        self._put_audio(payloads, now_s)
        if messages:
            self._quiet_from_s = now_s + QUIET_S
        self._drop_oldest()

    def put_frame(self, frame: bytes, now_s: float) -> None:
        """Take in 20 ms of audio that arrived alone: as `put` does, at less cost, for it is what usually comes."""
        if self._rest:
            self.put([Audio(frame)], now_s)
            return
        if self._arrivals.on_beat(now_s):  # then no silence was given before it: that takes longer than a beat
            self._repeats.audio(1, now_s)
            self._known.append(frame)
        else:
            self._put_frames([frame], now_s)
        self._quiet_from_s = now_s + QUIET_S
        if len(self._known) + len(self._doubted) > MAX_WAITING:
            self._drop_oldest()

    def take_lone_frame(self, now_s: float) -> bytes | None:
        """Take the frame that waits, if it alone does and nothing is to be said of it; else None, and see `take`."""
        if len(self._known) != 1 or self._doubted or now_s >= self._quiet_from_s:
            return None
        frame = self._known[0]
        if not isinstance(frame, bytes):
            return None
        self._known.clear()
        return frame

    def take(self, now_s: float) -> Taken | None:
        """Take the oldest frame or key that is ready at `now_s`; None if there is none."""
        if self._doubted and (missing := self._arrivals.settle(now_s)) is not None:
            self._release(missing)
        if self._known:
            oldest = self._known.popleft()
            return FrameSent(oldest) if isinstance(oldest, bytes) else oldest
        if self._quiet_from_s == math.inf:  # the call starts without audio
            self._quiet_from_s = now_s + QUIET_S
        if self._doubted or now_s < self._quiet_from_s:
            return None
        self._quiet_from_s += BEAT_S
        self._given += 1
        return NothingSent()

    def close(self) -> None:
        """Note that nothing more will come: everything in doubt can be taken."""
        self._release()

    def _drop_oldest(self) -> None:
        surplus = self.waiting - MAX_WAITING
        if surplus <= 0:
            return
        if len(self._doubted) >= MAX_WAITING:
            self._release()
        for _ in range(surplus + 1):
            self._known.popleft()
        self._known.appendleft(Dropped())

    def _put_audio(self, payloads: list[bytes], now_s: float) -> None:
        if frames := self._whole_frames(payloads):
            self._put_frames(frames, now_s)

    def _put_frames(self, frames: list[bytes], now_s: float) -> None:
        self._repeats.audio(len(frames), now_s)
        if not self._arrivals.expected:
            self._given = 0
        missing = self._arrivals.arrived(len(frames), now_s)
        if missing:
            self._release(missing)
        self._doubted += frames
        if not self._arrivals.in_doubt:
            self._release(0)

    def _whole_frames(self, payloads: list[bytes]) -> list[bytes]:
        if not self._rest and all(len(payload) == FRAME_BYTES for payload in payloads):
            return payloads  # what Asterisk sends
        self._rest += b"".join(payloads)
        whole = len(self._rest) // FRAME_BYTES * FRAME_BYTES
        frames = [bytes(self._rest[at : at + FRAME_BYTES]) for at in range(0, whole, FRAME_BYTES)]
        del self._rest[:whole]
        return frames

    def _release(self, missing: int | None = None) -> None:
        """Release the frames in doubt, with `missing` frames before them; None: as many as silence was given for."""
        missing = self._given if missing is None else missing
        for frame in self._doubted:
            # When frames come together, nobody can say between which of them others are missing.
            if missing or self._given or self._arrivals.ahead:
                late = missing < self._given
                self._known.append(FrameSent(frame, max(0, missing - self._given), self._arrivals.ahead, late))
            else:
                self._known.append(frame)
            missing = self._given = 0
        self._doubted.clear()
