"""If network or host stands still in the middle of a key, the key is heard once, and so are its neighbours."""

from __future__ import annotations

from typing import cast
from uuid import uuid4

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import BurstRefused, DetectorBank, Event, KeyEnded, KeyStarted, NearMiss
from dsp.events import FailedTest
from ivr.media.clock import TICK_S, Media
from ivr.media.hindsight import Hindsight
from ivr.telephony.audiosocket.codec import Audio
from ivr.telephony.audiosocket.inbox import Inbox, Taken
from ivr.telephony.audiosocket.server import AudioSocketConnection
from sound.telephone import FRAME_SAMPLES
from tests.callers import tones
from tests.listener import Listener

KEYS = "1122*#DD"


class Peer:
    """A connection whose frames arrive when the test says."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.ended = False
        self.broken: str | None = None

    @property
    def waiting(self) -> int:
        return self.inbox.waiting

    def take_lone_frame(self, now: float) -> bytes | None:
        return self.inbox.take_lone_frame(now)

    def take(self, now: float) -> Taken | None:
        return self.inbox.take(now)

    def send(self, frame: bytes | memoryview) -> None:
        pass

    def terminate(self) -> None:
        self.ended = True


def heard(audio: NDArray[np.int16], stills: list[tuple[float, float]], trickle: int = 1000) -> list[Event]:
    """The events of a call whose packets stand still for a time; then `trickle` of them come at once, after each."""
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    media, peer, listener, uuid = Media(), Peer(), Listener(), uuid4()
    media.expect(uuid, listener)
    assert media.attach(uuid, cast(AudioSocketConnection, peer))
    sent = 0
    for tick in range(len(frames) + 60):
        now = (tick + 1) * TICK_S
        if not any(begin <= now < end for begin, end in stills):
            due = min(tick + 1, len(frames), sent + (1000 if now > stills[-1][1] + 1.0 else trickle))
            peer.inbox.put([Audio(frame.astype("<i2").tobytes()) for frame in frames[sent:due]], now - TICK_S / 2)
            sent = due
        media.tick(now)
    return [event for event in listener.events if not isinstance(event, BurstRefused)]


@pytest.mark.parametrize("tone_s", [0.06, 0.1, 0.3])
@pytest.mark.parametrize("still_s", [0.36, 0.5, 1.2])
async def test_a_standstill_anywhere_in_keys_neither_parts_nor_loses_one(tone_s: float, still_s: float) -> None:
    audio = tones(KEYS, tone_s=tone_s, pause_s=0.08)
    for first in np.arange(0.1, 4 * (tone_s + 0.08), 0.02):
        events = heard(audio, [(float(first), float(first) + still_s)])
        assert [type(event) for event in events] == [KeyStarted, KeyEnded] * len(KEYS), first
        assert "".join(event.key for event in events if isinstance(event, KeyStarted)) == KEYS


async def test_standstills_that_follow_each_other_closely_do_not_either() -> None:
    audio = tones(KEYS, tone_s=0.3, pause_s=0.08)
    for first in np.arange(0.1, 0.9, 0.02):
        begins = float(first)
        events = heard(audio, [(begins, begins + 0.5), (begins + 0.52, begins + 1.0)])
        assert [type(event) for event in events] == [KeyStarted, KeyEnded] * len(KEYS), first


@pytest.mark.parametrize("seed", range(30))
async def test_a_host_that_gets_a_few_packets_done_at_a_time_parts_no_key(seed: int) -> None:
    chance = np.random.default_rng(seed)
    ends = 0.5 + np.cumsum(chance.uniform(0.04, 0.3, 8))
    stills = [(float(before) + 0.02, float(end)) for before, end in zip([0.48, *ends[:-1]], ends, strict=True)]
    events = heard(tones("5", tone_s=5.0), stills, trickle=int(chance.integers(2, 5)))
    assert [type(event) for event in events] == [KeyStarted, KeyEnded]


@pytest.fixture
def hindsight() -> Hindsight:
    bank = DetectorBank(capacity=1)
    return Hindsight(bank, bank.open())


def burst(key: str, begin_s: float) -> NearMiss:
    return NearMiss(key, begin_s, begin_s + 0.05, -12.0, -10.0, 30.0, 0.0, 0.0, FailedTest.STEADINESS)


def test_a_key_that_began_in_silence_and_is_refused_when_heard_whole_ends(hindsight: Hindsight) -> None:
    hindsight.silence_begins()
    assert hindsight.news(KeyStarted(0, "5", 1.0)) == KeyStarted(0, "5", 1.0)
    hindsight.take_back()
    told = hindsight.news(BurstRefused(0, burst("5", 1.01)))
    assert isinstance(told, KeyEnded)
    assert (told.key.key, told.key.begin_s) == ("5", 1.01)


def test_a_key_that_began_and_ended_in_silence_is_over_even_if_it_is_refused_then(hindsight: Hindsight) -> None:
    hindsight.silence_begins()
    started = KeyStarted(0, "5", 1.0)
    hindsight.news(started)
    hindsight.news(KeyEnded(0, burst("5", 1.0)))  # type: ignore[arg-type]
    hindsight.take_back()
    refused = BurstRefused(0, burst("5", 1.0))
    assert hindsight.news(refused) == refused
    assert hindsight.news(KeyStarted(0, "5", 1.2)) == KeyStarted(0, "5", 1.2)


def test_silence_that_stands_is_not_taken_back(hindsight: Hindsight) -> None:
    hindsight.silence_begins()
    started = KeyStarted(0, "5", 1.0)
    hindsight.news(started)
    hindsight.silence_stands()
    hindsight.take_back()
    assert hindsight.news(started) == started
