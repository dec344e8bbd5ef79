"""One call on the media clock: what its caller sent becomes frames for the receiver, and its guidance is sent.

Nearly always one frame has come since the last tick, in time. So that frame has a short way of its own
(`Stream.first_frame`), and everything else a long one: loss, lateness, keys that came as events, silence.

A call has a time of its own: the time up to which its caller has been heard. After a standstill it runs behind, and
catches up as the audio that has piled up is heard. So a caller who pressed keys while this host stood still is not said
to have been silent.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Protocol

from dsp import Event as ReceiverEvent
from ivr.call.keys import Span
from ivr.media.hindsight import Hindsight
from ivr.media.playout import Playout
from ivr.telephony.audiosocket.arrivals import BEAT_S
from ivr.telephony.audiosocket.inbox import Dropped, FrameSent, KeySent, NothingSent
from ivr.telephony.audiosocket.server import AudioSocketConnection

HOLE_PROVED_S: Final = 0.2
"""A hole counts as one if the missing frames have not come by then."""

MAX_FRAMES_A_TICK: Final = 4
"""How many frames of one call are heard in one tick, so that a burst from one peer does not delay the others. What has
piled up while this host stood still is heard four times as fast as it was spoken."""


class Session(Protocol):
    """A call, as the clock drives it (`ivr.call.session.CallSession`)."""

    @property
    def call_id(self) -> str:
        """The call's name in logs."""

    @property
    def over(self) -> bool:
        """Whether the stream must end."""

    def hear(self, event: ReceiverEvent, now: float) -> None:
        """Take a key or near miss that the receiver heard."""

    def key_frame(self, key: str, span: Span, now: float, *, repeated: bool) -> None:
        """Take an RFC 4733 key."""

    def key_may_be_lost(self, now: float) -> None:
        """Note that the caller's audio had a hole."""

    def hung_up(self, now: float) -> None:
        """Note that the caller went away."""

    def stream_broken(self, now: float) -> None:
        """Note that the connection was closed because its peer misbehaved."""

    def fault(self, now: float) -> None:
        """End the call for a fault of ours; must not raise."""

    def tick(self, now: float) -> bytes:
        """Let 20 ms pass; returns the frame to send."""


@dataclass(slots=True, eq=False)
class Stream:
    """A call whose AudioSocket connection has come.

    Attributes:
        connection: the connection.
        session: the call.
        slot: its channel of the detector bank.
        done: done when the stream is over.
        hindsight: its channel's past.
        playout: plays out the caller's audio.
        waiting: what has been played out and not been heard.
        hole_s: when a hole showed that is not proved yet.
        heard_s: the call's own time: up to then its caller has been heard.
        more: whether another frame may be there in this tick.
    """

    connection: AudioSocketConnection
    session: Session
    slot: int
    done: asyncio.Future[None]
    hindsight: Hindsight
    playout: Playout = field(default_factory=Playout)
    waiting: deque[bytes] = field(default_factory=deque)
    hole_s: float | None = None
    heard_s: float = -math.inf
    more: bool = False

    def first_frame(self, now: float) -> bytes | None:
        """Take the first frame of a tick. Usually one waits, and nothing is to be said of it: that costs little."""
        self.more = False
        if not self.waiting and not self.playout.silent:
            frame = self.connection.take_lone_frame(now)
            if frame is not None:
                self.heard_s = now
                self.playout.follow(frame)
                return frame
        self.time_passes(now)
        return self.next_frame(now)

    def time_passes(self, now: float) -> None:
        """Move the call's own time on, unless more audio waits than one tick hears; then each frame moves it."""
        if self.heard_s == -math.inf or len(self.waiting) + self.connection.waiting <= MAX_FRAMES_A_TICK:
            self.heard_s = now

    def next_frame(self, now: float) -> bytes | None:
        """Take the next frame for the receiver, if there is one; keys that came before it go to the session."""
        frame = self.waiting.popleft() if self.waiting else self._played_out(now)
        self.more = frame is not None
        if self.more:
            self.heard_s = min(self.heard_s + BEAT_S, now)
        return frame

    def _played_out(self, now: float) -> bytes | None:
        while (item := self.connection.take(now)) is not None:
            match item:
                case FrameSent():
                    first, *rest = self.playout.frames(item.frame, item.missing, late=item.late)
                    if self.playout.late:
                        self.hindsight.take_back()
                    else:
                        self.hindsight.silence_stands()
                    self.waiting.extend(rest)
                    if item.ahead:
                        self.hole_s = None
                    elif self.playout.hole:
                        self.hole_s = now
                    return first
                case NothingSent():
                    if not self.playout.silent:
                        self.hindsight.silence_begins()
                    return self.playout.silence()
                case KeySent(key, repeated):
                    self.hindsight.silence_stands()
                    self.session.key_frame(key, self.playout.key(), self.heard_s, repeated=repeated)
                case Dropped():
                    self.hindsight.silence_stands()
                    self.session.key_may_be_lost(self.heard_s)
                    first, *rest = self.playout.cut()
                    self.waiting.extend(rest)
                    return first
        return None

    def tick(self, now: float) -> None:
        """Let 20 ms pass, and send the frame for them."""
        connection, session = self.connection, self.session
        if connection.ended and not session.over:
            if connection.broken is None:
                session.hung_up(now)
            else:
                session.stream_broken(now)
        if self.hole_s is not None and now - self.hole_s >= HOLE_PROVED_S:
            self.hole_s = None
            session.key_may_be_lost(now)
        frame = session.tick(self.heard_s)
        if not session.over and not connection.ended:
            connection.send(frame)
