"""What the receiver hears of a caller whose packets are late, or lost, or both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp import Event, KeyEnded, KeyStarted, Receiver, synthesize
from ivr.media.playout import Playout
from ivr.telephony.audiosocket.codec import Audio
from ivr.telephony.audiosocket.inbox import FrameSent, Inbox, NothingSent
from sound.samples import to_int16
from sound.telephone import FRAME_SAMPLES
from tests.callers import tones

BEAT_S = 0.02
KEYS = "0123456789*#ABCD55"


def heard(audio: NDArray[np.int16], *, loss: float, jitter_s: float, seed: int) -> str:
    """The keys heard if 20 ms packets are lost by chance, and held up by chance, never overtaking each other."""
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
            assert isinstance(item, FrameSent)
            samples = np.frombuffer(b"".join(playout.frames(item.frame, item.missing)), "<i2")
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


@given(st.lists(st.tuples(st.sampled_from("ffffskc"), st.integers(0, 9)), max_size=60), st.integers(0, 2**32 - 1))
def test_a_frame_right_behind_another_takes_a_short_way_to_the_same_end(
    played: list[tuple[str, int]], seed: int
) -> None:
    """Frames behind so many missing ones, silence, keys and cuts."""
    chance = np.random.default_rng(seed)
    short, long = Playout(), Playout()
    for what, missing in played:
        match what:
            case "s":
                assert short.silence() == long.silence()
            case "k":
                assert short.key() == long.key()
            case "c":
                assert short.cut() == long.cut()
            case _:
                lost = max(0, missing - 5)
                frame = chance.integers(-9000, 9000, FRAME_SAMPLES).astype("<i2").tobytes()
                if lost or short.silent:
                    assert short.frames(frame, lost) == long.frames(frame, lost)
                else:
                    short.follow(frame)
                    assert long.frames(frame, 0) == (frame,)
        assert vars(short) == vars(long)


def pressed(
    keys: str, *, tone_s: float, pause_s: float, lead_s: float, seed: int | None = None, snr_db: float | None = None
) -> NDArray[np.int16]:
    """Keys whose tones start anywhere in a packet, and in any phase if there is a seed."""
    chance = None if seed is None else np.random.default_rng(seed)
    audio = to_int16(synthesize(keys, tone_s=tone_s, pause_s=pause_s, lead_s=lead_s, snr_db=snr_db, rng=chance))
    return np.concatenate([audio, np.zeros(4000, np.int16)])


def suppressed(audio: NDArray[np.int16]) -> list[tuple[float, NDArray[np.int16]]]:
    """The packets of a telephone that sends no silent ones, and when they are sent."""
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return [(number * BEAT_S, frame) for number, frame in enumerate(frames) if frame.any()]


def events_of(packets: list[tuple[float, NDArray[np.int16]]], *, until_s: float) -> list[Event]:
    """The receiver's events for packets that arrive at their times."""
    inbox, playout, receiver = Inbox(), Playout(), Receiver()
    waiting = list(packets)
    events: list[Event] = []
    for tick in range(round(until_s / BEAT_S)):
        now = (tick + 0.5) * BEAT_S
        while waiting and waiting[0][0] <= now:
            at, frame = waiting.pop(0)
            inbox.put([Audio(frame.astype("<i2").tobytes())], at)
        while (item := inbox.take(now)) is not None:
            match item:
                case FrameSent():
                    audio = b"".join(playout.frames(item.frame, item.missing))
                case NothingSent():
                    audio = playout.silence()
                case _:
                    raise AssertionError(item)
            events += receiver.feed(np.frombuffer(audio, "<i2"))
    return events


def keys_of(events: list[Event]) -> str:
    return "".join(event.key for event in events if isinstance(event, KeyStarted))


@pytest.mark.parametrize("pause_s", [0.04, 0.06, 0.08, 0.1, 0.2, 0.31, 0.5])
@pytest.mark.parametrize("lead_s", [2.0, 2.007, 2.013])
def test_pauses_that_are_not_sent_part_keys_all_the_same(pause_s: float, lead_s: float) -> None:
    typed = "1122334455667788"
    for seed in range(5):
        audio = pressed(typed, tone_s=0.1, pause_s=pause_s, lead_s=lead_s, seed=seed)
        assert keys_of(events_of(suppressed(audio), until_s=len(audio) / 8000 + 1)) == typed


def test_a_key_ends_when_nothing_comes_any_more() -> None:
    audio = pressed("5", tone_s=0.1, pause_s=0.0, lead_s=0.1)
    events = events_of(suppressed(audio), until_s=1.0)
    assert [type(event) for event in events] == [KeyStarted, KeyEnded]


def test_a_key_that_is_held_while_the_network_stands_still_is_one() -> None:
    audio = pressed("5", tone_s=0.5, pause_s=0.2, lead_s=0.1)
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    for stands_still_s in (0.1, 0.2, 0.28):
        packets = [
            (max(at, 0.2 + stands_still_s) if at >= 0.2 else at, frame)
            for at, frame in ((number * BEAT_S, frame) for number, frame in enumerate(frames))
        ]
        assert keys_of(events_of(packets, until_s=1.5)) == "5"


@pytest.mark.parametrize("lost", range(1, 7))
@pytest.mark.parametrize("snr_db", [None, 20.0, 15.0])
def test_a_burst_of_loss_within_a_held_key_does_not_part_it(lost: int, snr_db: float | None) -> None:
    typed = "1234567890*#"
    audio = pressed(typed, tone_s=0.24, pause_s=0.1, lead_s=0.1, snr_db=snr_db)
    first = {round((0.1 + number * 0.34 + 0.06) / BEAT_S) for number in range(len(typed))}
    missing = {frame + n for frame in first for n in range(lost)}
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    packets = [(number * BEAT_S, frame) for number, frame in enumerate(frames) if number not in missing]
    assert keys_of(events_of(packets, until_s=len(audio) / 8000 + 1)) == typed


@pytest.mark.parametrize("lost", range(2, 6))
def test_nor_does_one_on_a_line_that_sends_no_pauses(lost: int) -> None:
    typed = "1234567890*#"
    audio = pressed(typed, tone_s=0.24, pause_s=0.2, lead_s=2.0, seed=lost)
    first = {round((2.0 + number * 0.44 + 0.06) / BEAT_S) for number in range(len(typed))}
    missing = {(frame + n) * BEAT_S for frame in first for n in range(lost)}
    packets = [(at, frame) for at, frame in suppressed(audio) if at not in missing]
    assert keys_of(events_of(packets, until_s=len(audio) / 8000 + 1)) == typed


@pytest.mark.parametrize(("missing", "hides"), [(0, False), (1, False), (2, True), (5, True), (40, True)])
def test_a_hole_as_long_as_a_key_may_hide_one(missing: int, hides: bool) -> None:
    playout = Playout()
    noise = np.random.default_rng(1).normal(0, 20, 2 * FRAME_SAMPLES).astype("<i2").reshape(2, -1)
    for _ in range(400):
        playout.frames(noise[0].tobytes(), 0)
    playout.frames(noise[1].tobytes(), missing)
    assert playout.hole == hides
    playout.frames(noise[0].tobytes(), 0)
    assert not playout.hole


def test_a_tone_that_goes_on_hides_no_key_and_neither_does_a_pause_of_who_sends_none() -> None:
    tone = pressed("5", tone_s=0.2, pause_s=0.0, lead_s=0.0)[: 6 * FRAME_SAMPLES].astype("<i2").reshape(6, -1)
    held = Playout()
    held.frames(tone[0].tobytes(), 0)
    held.frames(tone[4].tobytes(), 3)
    assert not held.hole
    silent = Playout()
    for _ in range(50):
        silent.silence()
    silent.frames(tone[0].tobytes(), 3)
    assert not silent.hole
