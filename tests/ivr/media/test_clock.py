"""One clock, many calls: frames go in, keys are heard, frames come out; and no call can harm another."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import cast
from uuid import UUID, uuid4

import numpy as np
import pytest
import structlog
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivr.call.dialogue.events import Ending, HungUp, Outcome, Stored, StorePassword
from ivr.call.session import CallSession
from ivr.call.transcript import Interrupted, KeyHeard
from ivr.media.clock import MAX_TICKS_MADE_UP, TICK_S, Media
from ivr.media.stream import MAX_FRAMES_A_TICK
from ivr.telephony.audiosocket.codec import FRAME_BYTES
from ivr.telephony.audiosocket.inbox import Dropped, FrameSent, KeySent
from ivr.telephony.audiosocket.server import AudioSocketConnection
from logs import summary
from prompts import Catalogue
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ
from tests.callers import tones
from tests.ivr.media.switchboard import LatePeer, Peer, Switchboard

PASSWORD = "24681357"


@pytest.fixture
async def board(catalogue: Catalogue) -> Switchboard:
    return Switchboard(catalogue)


async def test_every_tick_sends_every_call_one_frame_from_the_first_on(board: Switchboard) -> None:
    calls = [board.call() for _ in range(3)]
    board.run(1.0)
    for _, peer in calls:
        assert len(peer.sent) == 50
        assert {len(frame) for frame in peer.sent} == {FRAME_BYTES}


async def test_a_tick_tells_for_how_many_calls_no_audio_had_come(board: Switchboard) -> None:
    (_, punctual), _ = board.call(), board.call()
    punctual.inbox.append(FrameSent(bytes(FRAME_BYTES)))
    assert board.media.tick(board.now) == 1
    assert board.media.tick(board.now) == 2


async def test_a_call_that_only_listens_hears_the_guidance_and_then_silence(board: Switchboard) -> None:
    _, peer = board.call()
    board.run(12.0)
    samples = np.frombuffer(b"".join(peer.sent), "<i2")
    assert np.abs(samples[: 8 * 8000]).max() > 3000
    assert not samples[11 * 8000 :].any()


async def test_tones_in_the_audio_set_the_password_and_end_the_stream(board: Switchboard) -> None:
    session, peer = board.call()
    board.run(40, {peer: tones(f"1 {PASSWORD} {PASSWORD}")})
    assert [command.password for command in board.stored] == [PASSWORD]
    assert session.ending == Ending(Outcome.SET, "set")
    assert peer.terminated
    assert board.media.calls == 0


async def test_key_frames_set_the_password_where_no_audio_comes_at_all(board: Switchboard) -> None:
    _, peer = board.call()
    for key in f"1{PASSWORD}#{PASSWORD}#":
        board.run(0.2)
        peer.inbox.append(KeySent(key))
    board.run(1.0)
    assert [command.password for command in board.stored] == [PASSWORD]


async def test_a_press_that_comes_both_ways_counts_once(board: Switchboard) -> None:
    session, peer = board.call()
    pressed = f"1{PASSWORD}{PASSWORD}"
    # 100 ms of pause, 100 ms of tone; the key frame stands in the stream where the tone ends
    board.run(6.0, {peer: tones(pressed)}, keys={10 * (number + 1): key for number, key in enumerate(pressed)})
    assert [command.password for command in board.stored] == [PASSWORD]
    peer.ended = True
    board.run(0.1)
    heard = [entry for entry in board.entries[session] if isinstance(entry, KeyHeard)]
    assert [entry.counted for entry in heard].count(False) == 17


@pytest.mark.parametrize(("before", "after"), [(3, 0), (5, 0), (0, 3), (0, 5), (2, 1), (1, 2), (2, 2)])
async def test_what_comes_of_a_tone_before_and_after_its_event_does_not_count_again(
    board: Switchboard, before: int, after: int
) -> None:
    """An exchange withholds the audio while an event goes on, and then reports the key."""
    session, peer = board.call()
    pause, tone = np.split(tones("1").reshape(-1, 160)[:10], 2)
    press = np.concatenate([pause, tone[:before], tone[5 - after :]])
    audio = np.concatenate([press] * 4 + [pause] * 3)
    board.run(3.0, {peer: audio.reshape(-1)}, keys={n * len(press) + 5 + before: "1" for n in range(4)})
    peer.ended = True
    board.run(0.1)
    heard = [entry for entry in board.entries[session] if isinstance(entry, KeyHeard)]
    assert Counter(entry.source for entry in heard) == {"in-band": 4, "rfc4733": 4}
    assert [entry.counted for entry in heard].count(True) == 4


async def test_a_tone_that_lost_most_of_its_packets_is_heard_where_the_loss_is_known(board: Switchboard) -> None:
    session, peer = board.call()
    frames = tones("5", tone_s=0.06, pause_s=0.1).reshape(-1, 160)
    arrived = np.concatenate([frames[:6], frames[8:]])
    board.run(3.0, {peer: np.concatenate([arrived.reshape(-1), np.zeros(16000, np.int16)])}, losses={6: 2})
    assert [entry.value for entry in board.entries[session] if isinstance(entry, KeyHeard)] == ["5"]


async def test_calls_do_not_hear_each_other(board: Switchboard) -> None:
    _, first = board.call()
    second_session, second = board.call()
    board.run(3.0, {first: tones("1"), second: np.zeros(24000, np.int16)})
    assert not [entry for entry in board.entries[second_session] if isinstance(entry, KeyHeard | Interrupted)]


async def test_a_call_that_fails_ends_alone(board: Switchboard) -> None:
    def broken(_command: StorePassword) -> None:
        raise RuntimeError("the disk has burnt")

    failing, failing_peer = board.call(broken)
    _, peer = board.call()
    audio = tones(f"1 {PASSWORD} {PASSWORD}")
    board.run(40, {failing_peer: audio, peer: audio})
    assert failing_peer.terminated
    assert failing.ending == Ending(Outcome.ERROR, "fault")
    assert [command.password for command in board.stored] == [PASSWORD]


@pytest.mark.parametrize("before", range(MAX_FRAMES_A_TICK))
async def test_of_a_call_that_failed_nothing_more_is_heard(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """Whichever of a tick's frames it fails with."""

    def broken(*_: object) -> None:
        raise RuntimeError("the disk has burnt")

    monkeypatch.setattr(CallSession, "hear", broken)
    failing, peer = board.call()
    audio = np.concatenate([np.zeros(before * FRAME_SAMPLES, np.int16), tones("5")])
    peer.inbox = [FrameSent(frame.astype("<i2").tobytes()) for frame in audio.reshape(-1, FRAME_SAMPLES)]
    board.run(0.2)
    assert failing.ending == Ending(Outcome.ERROR, "fault")
    assert peer.terminated
    assert peer.inbox
    assert board.media.calls == 0


async def test_a_burst_of_audio_is_taken_in_portions(board: Switchboard) -> None:
    _, peer = board.call()
    peer.inbox = [FrameSent(bytes(FRAME_BYTES))] * 50
    board.run(TICK_S)
    assert len(peer.inbox) == 50 - MAX_FRAMES_A_TICK


async def test_a_hang_up_ends_the_call(board: Switchboard) -> None:
    session, peer = board.call()
    board.run(1.0)
    peer.ended = True
    board.run(TICK_S)
    assert session.ending == Ending(Outcome.ABANDONED, "hung_up")
    assert board.media.calls == 0


async def test_a_hang_up_while_the_store_works_waits_for_its_answer(board: Switchboard) -> None:
    session, peer = board.call(lambda _command: None)
    board.run(6.0, {peer: tones(f"1{PASSWORD}{PASSWORD}")})
    peer.ended = True
    board.run(1.0)
    assert session.ending is None
    session.handle(Stored(), board.now)
    board.run(TICK_S)
    assert session.ending == Ending(Outcome.SET, "set")
    assert board.media.calls == 0


async def test_a_connection_of_no_call_is_not_taken(board: Switchboard) -> None:
    assert not board.media.attach(uuid4(), cast(AudioSocketConnection, Peer()))


async def test_a_call_is_taken_by_one_connection_only(board: Switchboard) -> None:
    uuid = UUID(int=1)
    session, _ = board.call()
    board.media.expect(uuid, session)
    assert board.media.attach(uuid, cast(AudioSocketConnection, Peer()))
    assert not board.media.attach(uuid, cast(AudioSocketConnection, Peer()))
    session.handle(HungUp(), board.now)


async def test_a_connection_that_had_to_be_closed_is_not_the_callers_hang_up(board: Switchboard) -> None:
    session, peer = board.call()
    peer.ended, peer.broken = True, "the peer does not read"
    board.run(TICK_S)
    assert session.ending == Ending(Outcome.ERROR, "stream_broken")
    assert board.media.calls == 0


@pytest.mark.parametrize(("comes_late", "told"), [(False, 1), (True, 0)])
async def test_a_hole_is_told_of_unless_what_was_missing_was_only_late(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch, comes_late: bool, told: int
) -> None:
    holes: list[float] = []
    monkeypatch.setattr(CallSession, "key_may_be_lost", lambda _session, now: holes.append(now))
    _, peer = board.call()
    silence = bytes(FRAME_BYTES)
    peer.inbox += [FrameSent(silence), FrameSent(silence, missing=3)]
    board.run(0.1)
    assert holes == []
    peer.inbox.append(FrameSent(silence, ahead=comes_late))
    board.run(0.3)
    assert len(holes) == told


async def test_dropped_audio_may_have_held_a_key_and_parts_the_tones_around_it(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    holes: list[float] = []
    monkeypatch.setattr(CallSession, "key_may_be_lost", lambda _session, now: holes.append(now))
    session, peer = board.call()
    tone = [FrameSent(frame.astype("<i2").tobytes()) for frame in tones("5").reshape(-1, 160)[5:10]]
    peer.inbox += [*tone, Dropped(), *tone, *[FrameSent(bytes(FRAME_BYTES))] * 10]
    board.run(1.0)
    peer.ended = True
    board.run(0.1)
    assert len(holes) == 1
    assert len([entry for entry in board.entries[session] if isinstance(entry, KeyHeard)]) == 2


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.floats(0.2, 9.0), st.floats(0.02, 10.0)), min_size=1, max_size=3))
@example([(1.0, 1.25), (5.0, 9.0)])
@example([(3.0, 10.0)])
async def test_keys_pressed_while_the_host_stood_still_are_heard_once_and_in_time(
    catalogue: Catalogue, stops: list[tuple[float, float]]
) -> None:
    """A standstill within an entry may be longer than the silence that ends one."""
    board = Switchboard(catalogue)
    keys = tones(f"1 {PASSWORD} {PASSWORD}", tone_s=0.2, pause_s=0.3)
    peer = LatePeer(np.concatenate([keys, np.zeros(60 * SAMPLE_RATE_HZ, np.int16)]))
    session, _ = board.call(peer=peer)

    def tick() -> None:
        peer.read(board.now)
        board.media.tick(board.now)

    for runs_s, stands_still_s in stops:
        for _ in range(round(runs_s / TICK_S)):
            board.now += TICK_S
            tick()
        board.now += stands_still_s
        for _ in range(min(int(stands_still_s / TICK_S), MAX_TICKS_MADE_UP)):
            tick()
    while session.ending is None:
        board.now += TICK_S
        tick()
    heard = [entry for entry in board.entries[session] if isinstance(entry, KeyHeard)]
    assert len(heard) == 17
    assert [command.password for command in board.stored] == [PASSWORD]
    assert session.ending == Ending(Outcome.SET, "set")


async def test_a_host_that_stands_still_all_the_time_does_not_fill_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "SUMMARY_S", 2.5)
    with structlog.testing.capture_logs() as log:
        clock = asyncio.create_task(Media().run())
        for seconds in (0.7, 0.7, 1.0):
            await asyncio.sleep(0.05)
            time.sleep(seconds)  # noqa: ASYNC251 - the loop is to stand still
        async with asyncio.timeout(10):
            while len(log) < 2:  # noqa: ASYNC110 - until the next line is due
                await asyncio.sleep(0.01)
        clock.cancel()
    first, second = log
    assert (first["event"], first["times"]) == ("media_clock_stood_still", 1)
    assert second["times"] >= 2  # more if the host itself stood still
    assert second["longest_s"] >= 0.9
