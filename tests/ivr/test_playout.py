"""What the receiver hears of a caller whose packets are late, or lost, or both."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import KeyStarted, Receiver
from ivr.playout import Playout
from ivr.telephony.audiosocket import FRAME_SAMPLES, Audio
from ivr.telephony.inbox import AudioFrame, Inbox
from tests.ivr.conftest import tones

BEAT_S = 0.02
KEYS = "0123456789*#ABCD55"


def heard(audio: NDArray[np.int16], *, loss: float, jitter_s: float, seed: int) -> str:
    """The keys that come of 20 ms packets that are lost by chance, and held up by chance, never overtaking another."""
    chance = np.random.default_rng(seed)
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    arrival_s = np.maximum.accumulate(
        np.arange(len(frames)) * BEAT_S + chance.exponential(jitter_s or 1e-9, len(frames))
    )
    arrives = chance.random(len(frames)) >= loss
    inbox, playout, receiver = Inbox(), Playout(), Receiver()
    packets = [(float(at), frame) for at, frame, comes in zip(arrival_s, frames, arrives, strict=True) if comes]
    keys = ""
    for tick in range(len(frames) + 10):
        now = (tick + 0.5) * BEAT_S
        while packets and packets[0][0] <= now:
            at, frame = packets.pop(0)
            inbox.put([Audio(frame.astype("<i2").tobytes())], at)
        while (item := inbox.take(now)) is not None:
            assert isinstance(item, AudioFrame)
            samples = np.frombuffer(b"".join(playout.frames(item.audio, item.lost)), "<i2")
            keys += "".join(event.key for event in receiver.feed(samples) if isinstance(event, KeyStarted))
    return keys


@pytest.mark.parametrize("loss", [0.0, 0.03])
@pytest.mark.parametrize("jitter_s", [0.0, 0.004, 0.01])
def test_keys_are_heard_through_late_and_lost_packets(loss: float, jitter_s: float) -> None:
    audio = tones(KEYS, tone_s=0.06, pause_s=0.06)
    right = [heard(audio, loss=loss, jitter_s=jitter_s, seed=seed) == KEYS for seed in range(20)]
    assert right.count(True) >= 19


def test_packets_that_are_only_late_make_no_key_of_a_burst_that_is_too_short() -> None:
    audio = tones(KEYS, tone_s=0.024, pause_s=0.1)
    assert [heard(audio, loss=0.0, jitter_s=0.004, seed=seed) for seed in range(20)] == [""] * 20


def test_positions_count_what_is_played_out() -> None:
    playout = Playout()
    frame = bytes(2 * FRAME_SAMPLES)
    assert len(playout.frames(frame, 0)) == 1
    assert len(playout.frames(frame, 3)) == 4
    assert playout.position_s == pytest.approx(5 * BEAT_S)
