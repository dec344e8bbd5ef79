"""The 20 ms clock of all calls of a process: callers' frames go into the detector bank, guidance frames come out.

One task runs one clock. Every 20 ms, the frames of all calls that have come since the last tick go into the bank
together, each call gets what was heard in its audio, and each call gives one frame to send. The clock is absolute: a
late tick does not move the ones after it, and missed ticks are made up for (Asterisk plays whatever it gets, and ends a
call in which nothing comes for 2 s, neither from us nor from the caller). Something stands in for lost packets, so that
a short tone or pause keeps its length.

A call has a time of its own: the time up to which its caller has been heard. After a standstill it runs behind, and
catches up as the audio that has piled up is heard. So a caller who pressed keys while this host stood still is not said
to have been silent.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar
from uuid import UUID

import numpy as np
import structlog

from dsp import DetectorBank
from dsp import Event as ReceiverEvent
from ivr.call.keys import Span
from ivr.media.hindsight import Hindsight
from ivr.media.playout import Playout
from ivr.telephony.audiosocket.inbox import Dropped, FrameSent, KeySent, NothingSent
from ivr.telephony.audiosocket.server import AudioSocketConnection
from logs.summary import Summary
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

_log = structlog.get_logger(__name__)

T = TypeVar("T")

TICK_S: Final = FRAME_SAMPLES / SAMPLE_RATE_HZ
MAX_TICKS_MADE_UP: Final = 25
"""After a longer standstill (half a second) the callers have already heard a gap; filling it later helps nobody."""

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

    def tick(self, now: float) -> bytes | memoryview:
        """Let 20 ms pass; returns the frame to send."""


@dataclass(slots=True, eq=False)
class _Stream:
    """A call whose AudioSocket connection has come."""

    connection: AudioSocketConnection
    session: Session
    slot: int
    done: asyncio.Future[None]
    hindsight: Hindsight
    playout: Playout = field(default_factory=Playout)
    waiting: deque[bytes] = field(default_factory=deque)
    hole_s: float | None = None
    heard_s: float = -math.inf

    def time_passes(self, now: float) -> None:
        """Move the call's own time on, unless more audio waits than one tick hears; then each frame moves it."""
        if self.heard_s == -math.inf or len(self.waiting) + self.connection.waiting <= MAX_FRAMES_A_TICK:
            self.heard_s = now

    def next_frame(self, now: float) -> bytes | None:
        """Take the next frame for the receiver, if there is one; keys that came before it go to the session."""
        if self.waiting:
            return self.waiting.popleft()
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


@dataclass(slots=True)
class _Expected:
    session: Session
    done: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class Tick:
    """How a tick went.

    Attributes:
        late_s: how late it was, in seconds.
        calls: how many calls have their audio.
        overdue: for how many of them no audio was there.
    """

    late_s: float
    calls: int
    overdue: int


class Media:
    """The audio of all calls.

    Args:
        ticked: called after each tick.
    """

    def __init__(self, *, ticked: Callable[[Tick], None] = lambda _: None) -> None:
        self._ticked = ticked
        self._ticked_at: float | None = None
        self._bank = DetectorBank(near_misses=True)
        self._streams: dict[int, _Stream] = {}
        self._expected: dict[UUID, _Expected] = {}
        self._longest = 0
        self._standstills = Summary(self._tell_of_standstills)  # a host with too much to do stands still at each tick

    def _tell_of_standstills(self, times: dict[str, int]) -> None:
        _log.warning("media_clock_stood_still", times=sum(times.values()), longest_s=round(self._longest * TICK_S, 2))
        self._longest = 0

    @property
    def calls(self) -> int:
        """How many calls have their audio, or wait for it."""
        return len(self._streams) + len(self._expected)

    @property
    def tick_age_s(self) -> float:
        """Seconds since the clock's last tick; 0 before its first."""
        return 0.0 if self._ticked_at is None else time.monotonic() - self._ticked_at

    def expect(self, uuid: UUID, session: Session) -> asyncio.Future[None]:
        """Announce a call whose connection will come with this UUID.

        Returns:
            A future that is done when the stream is over.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected[uuid] = _Expected(session, done)
        return done

    def forget(self, uuid: UUID) -> bool:
        """Forget a call that is over for Asterisk; returns whether its connection had never come."""
        return self._expected.pop(uuid, None) is not None

    def abandon(self, session: Session) -> None:
        """End a call's stream, if there is one, because Asterisk and with it the caller have gone."""
        for stream in self._streams.values():
            if stream.session is session:
                stream.connection.terminate()

    def attach(self, uuid: UUID, connection: AudioSocketConnection) -> bool:
        """Take a connection that came; returns whether a call waited for it."""
        expected = self._expected.pop(uuid, None)
        if expected is None:
            return False
        slot = self._bank.open()
        self._streams[slot] = _Stream(connection, expected.session, slot, expected.done, Hindsight(self._bank, slot))
        return True

    async def run(self) -> None:
        """Tick for ever."""
        loop = asyncio.get_running_loop()
        next_tick = loop.time() + TICK_S
        while True:
            await asyncio.sleep(max(0.0, next_tick - loop.time()))
            late_s = max(0.0, loop.time() - next_tick)
            behind = int(late_s / TICK_S)
            if behind:
                await asyncio.sleep(0)  # what came meanwhile is read first, so that nobody seems to have been silent
            if behind > MAX_TICKS_MADE_UP:
                self._longest = max(self._longest, behind)
                self._standstills.add("standstills")
                next_tick += (behind - MAX_TICKS_MADE_UP) * TICK_S
            overdue = self.tick(loop.time())
            self._ticked_at = time.monotonic()
            self._ticked(Tick(late_s, len(self._streams), overdue))
            next_tick += TICK_S

    def tick(self, now: float) -> int:
        """Take in the frames that have come, let 20 ms pass for every call, send a frame to each.

        Returns:
            For how many calls no audio was there.
        """
        for stream in self._streams.values():
            stream.time_passes(now)
        overdue = self._take_in(now)
        for stream in list(self._streams.values()):
            self._guarded(stream, self._tick_stream, now)
        return overdue

    # --- in -------------------------------------------------------------------------------------------------

    def _take_in(self, now: float) -> int:
        """Hear what has come; returns for how many calls nothing had."""
        overdue = 0
        for turn in range(MAX_FRAMES_A_TICK):
            ready: list[int] = []
            frames: list[bytes] = []
            for stream in list(self._streams.values()):
                frame = self._guarded(stream, _Stream.next_frame, now)
                if frame is not None:
                    stream.heard_s = min(stream.heard_s + TICK_S, now)
                    ready.append(stream.slot)
                    frames.append(frame)
            if turn == 0:
                overdue = len(self._streams) - len(ready)
            if not ready:
                break
            samples = np.frombuffer(b"".join(frames), "<i2").reshape(len(ready), FRAME_SAMPLES)
            for event in self._bank.feed(ready, samples):
                self._hear(event, now)
        return overdue

    def _hear(self, event: ReceiverEvent, now: float) -> None:
        stream = self._streams.get(event.slot)
        news = None if stream is None else stream.hindsight.news(event)
        if stream is not None and news is not None:
            self._guarded(stream, lambda stream, _: stream.session.hear(news, stream.heard_s), now)

    def _guarded(self, stream: _Stream, work: Callable[[_Stream, float], T], now: float) -> T | None:
        try:
            return work(stream, now)
        except Exception:  # noqa: BLE001 - the border of a call: the others, and the clock, go on
            _log.exception("call_failed", call=stream.session.call_id)
            self._end(stream)
            stream.session.fault(now)
            return None

    def _tick_stream(self, stream: _Stream, now: float) -> None:
        connection, session = stream.connection, stream.session
        if connection.ended and not session.over:
            if connection.broken is None:
                session.hung_up(now)
            else:
                session.stream_broken(now)
        if stream.hole_s is not None and now - stream.hole_s >= HOLE_PROVED_S:
            stream.hole_s = None
            session.key_may_be_lost(now)
        frame = session.tick(stream.heard_s)
        if not session.over and not connection.ended:
            connection.send(frame)
        elif session.over:
            self._end(stream)

    def _end(self, stream: _Stream) -> None:
        stream.connection.terminate()
        del self._streams[stream.slot]
        self._bank.close(stream.slot)
        if not stream.done.done():
            stream.done.set_result(None)
