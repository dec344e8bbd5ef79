"""The 20 ms clock of all calls of a process: callers' frames go into the detector bank, guidance frames come out.

One task runs one clock. Every 20 ms, the frames of all calls that have come since the last tick go into the bank
together, each call gets what was heard in its audio, and each call gives one frame to send. The clock is absolute: a
late tick does not move the ones after it, and missed ticks are made up for (Asterisk plays whatever it gets, and ends a
call in which nothing comes for 2 s, neither from us nor from the caller). Something stands in for lost packets, so that
a short tone or pause keeps its length.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np
import structlog

from dsp import DetectorBank
from dsp import Event as ReceiverEvent
from ivr.media.gathering import gather
from ivr.media.hindsight import Hindsight
from ivr.media.stream import MAX_FRAMES_A_TICK, Session, Stream
from ivr.telephony.audiosocket.server import AudioSocketConnection
from logs.summary import Summary
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

_log = structlog.get_logger(__name__)

TICK_S: Final = FRAME_SAMPLES / SAMPLE_RATE_HZ
MAX_TICKS_MADE_UP: Final = 25
"""After a longer standstill (half a second) the callers have already heard a gap; filling it later helps nobody."""


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
        self._streams: dict[int, Stream] = {}
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
        self._streams[slot] = Stream(connection, expected.session, slot, expected.done, Hindsight(self._bank, slot))
        return True

    async def run(self) -> None:
        """Tick for ever."""
        gathering = asyncio.create_task(gather(lambda: len(self._streams)))
        try:
            await self._run()
        finally:
            gathering.cancel()

    async def _run(self) -> None:
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
        overdue = self._take_in(now)
        for stream in list(self._streams.values()):
            try:
                stream.tick(now)
                if stream.session.over:
                    self._end(stream)
            except Exception:  # noqa: BLE001 - see _failed
                self._failed(stream, now)
        return overdue

    # --- in -------------------------------------------------------------------------------------------------

    def _take_in(self, now: float) -> int:
        """Hear what has come; returns for how many calls nothing had."""
        streams = list(self._streams.values())
        heard = self._hear_one_each(streams, Stream.first_frame, now)
        overdue = len(streams) - len(heard)
        for _ in range(MAX_FRAMES_A_TICK - 1):
            heard = [stream for stream in heard if stream.more]
            if not heard:
                break
            heard = self._hear_one_each(heard, Stream.next_frame, now)
        return overdue

    def _hear_one_each(
        self, streams: Sequence[Stream], take: Callable[[Stream, float], bytes | None], now: float
    ) -> list[Stream]:
        """Hear a frame of each call that has one; returns these calls."""
        heard: list[Stream] = []
        frames: list[bytes] = []
        for stream in streams:
            try:
                frame = take(stream, now)
            except Exception:  # noqa: BLE001 - see _failed
                self._failed(stream, now)
                continue
            if frame is not None:
                heard.append(stream)
                frames.append(frame)
        if heard:
            samples = np.frombuffer(b"".join(frames), "<i2").reshape(len(heard), FRAME_SAMPLES)
            for event in self._bank.feed([stream.slot for stream in heard], samples):
                self._hear(event, now)
        return heard

    def _hear(self, event: ReceiverEvent, now: float) -> None:
        stream = self._streams.get(event.slot)
        news = None if stream is None else stream.hindsight.news(event)
        if stream is None or news is None:
            return
        try:
            stream.session.hear(news, stream.heard_s)
        except Exception:  # noqa: BLE001 - see _failed
            self._failed(stream, now)

    def _failed(self, stream: Stream, now: float) -> None:
        """Log what was raised, and end this call: the others, and the clock, go on."""
        _log.exception("call_failed", call=stream.session.call_id)
        self._end(stream)
        stream.session.fault(now)

    def _end(self, stream: Stream) -> None:
        stream.more = False
        stream.connection.terminate()
        del self._streams[stream.slot]
        self._bank.close(stream.slot)
        if not stream.done.done():
            stream.done.set_result(None)
