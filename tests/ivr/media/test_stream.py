"""The short way of a frame that comes alone and in time leads where the long way leads."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from uuid import uuid4

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp import DetectorBank, Event
from ivr.call.keys import Span
from ivr.media.clock import TICK_S, Media
from ivr.media.hindsight import Hindsight
from ivr.media.stream import Stream
from ivr.telephony.audiosocket.codec import FRAME_BYTES, Audio, KeyFrame
from ivr.telephony.audiosocket.inbox import Inbox, Taken
from ivr.telephony.audiosocket.server import AudioSocketConnection
from sound.telephone import FRAME_SAMPLES
from tests.callers import tones
from tests.listener import Listener

KEYS = tones("159D", tone_s=0.1, pause_s=0.08)


class Peer:
    """A connection that offers lone frames, or not."""

    def __init__(self, *, lone: bool) -> None:
        self.inbox = Inbox()
        self.lone_frames = 0
        self.ended = False
        self.broken: str | None = None
        self._lone = lone

    @property
    def waiting(self) -> int:
        return self.inbox.waiting

    def take_lone_frame(self, now: float) -> bytes | None:
        frame = self.inbox.take_lone_frame(now) if self._lone else None
        self.lone_frames += frame is not None
        return frame

    def take(self, now: float) -> Taken | None:
        return self.inbox.take(now)

    def send(self, frame: bytes) -> None:
        pass

    def terminate(self) -> None:
        self.ended = True


async def test_no_frame_overtakes_those_that_stand_in_for_missing_ones() -> None:
    bank, peer, listener = DetectorBank(capacity=1), Peer(lone=True), Listener()
    slot = bank.open()
    done = asyncio.get_running_loop().create_future()
    stream = Stream(cast(AudioSocketConnection, peer), listener, slot, done, Hindsight(bank, slot))
    first, second = (bytes([number]) * FRAME_BYTES for number in (1, 2))
    stream.waiting.append(first)
    peer.inbox.put_frame(second, 0.0)
    assert stream.first_frame(0.01) == first
    assert stream.first_frame(0.01) == second


class TimedListener(Listener):
    """Keeps when it was called, too."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[Any, ...]] = []

    def hear(self, event: Event, now: float) -> None:
        self.told.append((event, now))

    def key_frame(self, key: str, span: Span, now: float, *, repeated: bool) -> None:
        self.told.append((key, span, now, repeated))

    def key_may_be_lost(self, now: float) -> None:
        self.told.append(("hole", now))

    def tick(self, now: float) -> bytes:
        self.told.append(("tick", now))
        return super().tick(now)


def told(what: list[tuple[str, int]], audio: NDArray[np.int16], *, lone: bool) -> tuple[list[Any], list[int], int]:
    """What a session is told of a call, for how many calls each tick had no audio, and how many frames came alone.

    The caller's frames come in time (c), late and together (h), or never (l); or the host stands still while they do
    (s), each for so many ticks. Or a key comes as an event (k).
    """
    media, peer, listener, uuid = Media(), Peer(lone=lone), TimedListener(), uuid4()
    media.expect(uuid, listener)
    assert media.attach(uuid, cast(AudioSocketConnection, peer))
    frames = [Audio(frame.astype("<i2").tobytes()) for frame in audio.reshape(-1, FRAME_SAMPLES)]
    overdue, held, tick = [], list[Audio](), 0
    for how, ticks in [*what, ("c", len(frames))]:
        if how == "k":
            peer.inbox.put([KeyFrame("7")], (tick + 0.5) * TICK_S)
        for _ in range(ticks):
            frame, tick = frames[tick % len(frames)], tick + 1
            if how == "c" and not held:
                peer.inbox.put_frame(frame.payload, (tick - 0.5) * TICK_S)
            elif how != "l":
                held.append(frame)
            if how == "c" and held:
                peer.inbox.put(held, (tick - 0.5) * TICK_S)
                held = []
            if how != "s":
                overdue.append(media.tick(tick * TICK_S))
    return listener.told, overdue, peer.lone_frames


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("cccchlsk"), st.integers(1, 30)), max_size=12))
@example([("c", 8), ("l", 1), ("c", 8), ("l", 3), ("c", 9), ("h", 25)])
@example([("c", 20), ("l", 9), ("c", 9)])
@example([("c", 10), ("s", 28), ("c", 2), ("k", 3), ("h", 20), ("k", 1)])
async def test_a_call_hears_the_same_on_the_short_way_as_on_the_long_one(what: list[tuple[str, int]]) -> None:
    audio = KEYS[: len(KEYS) // FRAME_SAMPLES * FRAME_SAMPLES]
    *short, lone_frames = told(what, audio, lone=True)
    *long, _ = told(what, audio, lone=False)
    assert short == long
    assert lone_frames
