"""Frames and keys come out in the order in which they were sent, with what was lost between them."""

from __future__ import annotations

from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st

from ivr.telephony.audiosocket.codec import FRAME_BYTES, Audio, KeyFrame
from ivr.telephony.audiosocket.inbox import (
    MAX_WAITING,
    QUIET_S,
    Dropped,
    FrameSent,
    Inbox,
    KeySent,
    NothingSent,
    Taken,
)

BEAT_S = 0.02


def frame(number: int) -> bytes:
    return number.to_bytes(2) * (FRAME_BYTES // 2)


def audio(number: int) -> Audio:
    return Audio(frame(number))


def taken(inbox: Inbox, now_s: float) -> list[Taken]:
    found: list[Taken] = []
    while (item := inbox.take(now_s)) is not None:
        found.append(item)
    return found


OTHERS: Final[dict[str, list[Audio | KeyFrame]]] = {
    "k": [KeyFrame("5")],
    "p": [audio(1), audio(2)],
    "h": [Audio(frame(3)[: FRAME_BYTES // 2])],
}


def put_at(inbox: Inbox, *beats: float) -> None:
    """Let a frame arrive at each of these times (in beats of 20 ms), and name it after its place."""
    for number, beat in enumerate(beats):
        inbox.put([audio(number)], beat * BEAT_S)


def test_frames_and_keys_keep_their_order() -> None:
    inbox = Inbox()
    inbox.put([audio(0), KeyFrame("5"), KeyFrame("6"), audio(1)], 0.0)
    inbox.put([KeyFrame("7")], BEAT_S)
    assert taken(inbox, BEAT_S) == [
        FrameSent(frame(0)),
        KeySent("5"),
        KeySent("6"),
        FrameSent(frame(1)),
        KeySent("7"),
    ]


def test_a_frame_that_came_late_waits_for_the_one_that_shows_a_loss() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1, 3)
    assert taken(inbox, 3 * BEAT_S) == [FrameSent(frame(0)), FrameSent(frame(1))]
    inbox.put([audio(3)], 4 * BEAT_S)
    assert taken(inbox, 4 * BEAT_S) == [FrameSent(frame(2), missing=1), FrameSent(frame(3))]


def test_a_frame_that_came_late_alone_was_held_up() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1, 2.9, 3)
    assert taken(inbox, 3 * BEAT_S) == [FrameSent(frame(number)) for number in range(4)]


def test_a_frame_in_doubt_is_not_held_for_ever() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1, 3)
    assert len(taken(inbox, 3 * BEAT_S)) == 2
    assert taken(inbox, 5 * BEAT_S) == [FrameSent(frame(2), missing=1)]


def test_audio_that_an_event_took_the_place_of_is_not_lost() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1)
    inbox.put([KeyFrame("5")], 4.9 * BEAT_S)
    inbox.put([audio(2)], 5 * BEAT_S)
    inbox.put([audio(3)], 6 * BEAT_S)
    assert [item.missing for item in taken(inbox, 6 * BEAT_S) if isinstance(item, FrameSent)] == [0, 0, 0, 0]


def test_a_key_behind_a_frame_in_doubt_does_not_overtake_it() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1, 3)
    inbox.put([KeyFrame("5")], 3.1 * BEAT_S)
    assert taken(inbox, 3.2 * BEAT_S)[-2:] == [FrameSent(frame(2)), KeySent("5")]


def test_what_is_in_doubt_when_the_caller_goes_is_heard_all_the_same() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1, 3)
    inbox.close()
    assert taken(inbox, 3 * BEAT_S)[-1] == FrameSent(frame(2))


def test_a_burst_behind_a_standstill_is_kept_whole() -> None:
    inbox = Inbox()
    put_at(inbox, *range(10))
    inbox.put([audio(number) for number in range(10, 510)], 509 * BEAT_S)
    assert inbox.waiting == 510
    assert taken(inbox, 509 * BEAT_S) == [FrameSent(frame(number)) for number in range(510)]


def test_what_nobody_takes_for_long_is_dropped_from_its_oldest_on_and_said_to_be() -> None:
    inbox = Inbox()
    inbox.put([KeyFrame("5")], 0.0)
    put_at(inbox, *range(MAX_WAITING + 100))
    assert inbox.waiting == MAX_WAITING
    first, second, *others = taken(inbox, (MAX_WAITING + 100) * BEAT_S)
    assert first == Dropped()
    assert second == FrameSent(frame(101))
    assert others[-1] == FrameSent(frame(MAX_WAITING + 99))
    assert inbox.waiting == 0


@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0.0, 10.0), st.integers(0, 300)), max_size=30))
@example([(2, 0.0, 0), (400, 0.0, 0), (400, 0.0, 0), (400, 0.0, 0), (299, 6.0, 0)])
@example([(1, 0.0, 0), *[(0, 10.0, 0)] * 4, *[(400, 0.0, 0)] * 5])
def test_an_inbox_never_holds_more_than_its_most(bursts: list[tuple[int, float, int]]) -> None:
    inbox, now = Inbox(), 0.0
    for frames, pause_s, takes in bursts:
        now += pause_s
        inbox.put([audio(0)] * frames, now)
        assert inbox.waiting <= MAX_WAITING
        for _ in range(takes):
            inbox.take(now)


@given(st.lists(st.integers(0, 1000).map(lambda half: 2 * half), max_size=30), st.data())
def test_audio_in_pieces_of_any_size_comes_out_as_it_was_sent(sizes: list[int], data: st.DataObject) -> None:
    sent = b"".join(n.to_bytes(2) for n in range(sum(sizes) // 2))
    inbox, at, now, out = Inbox(), 0, 0.0, b""
    for size in sizes:
        inbox.put([Audio(sent[at : at + size])], now)
        at += size
        now += data.draw(st.floats(0.0, 0.2))
        out += b"".join(item.frame for item in taken(inbox, now) if isinstance(item, FrameSent))
    inbox.close()
    out += b"".join(item.frame for item in taken(inbox, now) if isinstance(item, FrameSent))
    assert out == sent[: len(sent) // FRAME_BYTES * FRAME_BYTES]


arrivals_of_anything = st.lists(
    st.tuples(st.sampled_from([0.0, 0.3, 0.9, 1.0, 1.1, 2.0, 3.0, 9.0, 30.0]), st.sampled_from("fffffffkph")),
    max_size=80,
)


@given(arrivals_of_anything)
def test_the_short_way_of_a_frame_that_comes_alone_gives_what_the_long_way_gives(
    arrivals: list[tuple[float, str]],
) -> None:
    """Frames, keys, pairs of frames and half frames, each so many beats after the one before."""
    short, long = Inbox(), Inbox()
    now = 0.0
    for number, (beats, what) in enumerate(arrivals):
        now += beats * BEAT_S
        if what == "f":
            short.put_frame(frame(number), now)
        else:
            short.put(OTHERS[what], now)
        long.put(OTHERS.get(what, [audio(number)]), now)
        assert taken(short, now + BEAT_S / 2) == taken(long, now + BEAT_S / 2)
        assert short.waiting == long.waiting


@given(arrivals_of_anything, st.lists(st.sampled_from([None, 0.01, 0.03, 0.5]), min_size=80, max_size=80))
@example([(0.0, "f"), (3.0, "f")], [None, 0.03])
def test_a_lone_frame_is_all_that_can_be_taken(
    arrivals: list[tuple[float, str]], taken_after_s: list[float | None]
) -> None:
    """Whether it is taken at once, with the next one, or half a second later, when silence can be taken as well."""
    short, long = Inbox(), Inbox()
    now = 0.0
    for number, ((beats, what), after_s) in enumerate(zip(arrivals, taken_after_s, strict=False)):
        now += beats * BEAT_S
        for inbox in (short, long):
            inbox.put(OTHERS.get(what, [audio(number)]), now)
        if after_s is None:
            continue
        now += after_s
        lone = short.take_lone_frame(now)
        assert (taken(short, now) if lone is None else [FrameSent(lone)]) == taken(long, now)
        assert short.waiting == long.waiting


def test_a_frame_on_the_beat_is_a_lone_frame() -> None:
    inbox = Inbox()
    for number in range(50):
        inbox.put_frame(frame(number), number * BEAT_S)
        assert inbox.take_lone_frame((number + 0.5) * BEAT_S) == frame(number)


def test_silence_is_given_when_nothing_has_come_for_a_while_and_counted_against_what_is_missing() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1, 2)
    beats = range(3, 31)
    given = sum(isinstance(item, NothingSent) for beat in beats for item in taken(inbox, (beat + 0.1) * BEAT_S))
    quiet = round(QUIET_S / BEAT_S)
    assert given == 31 - 3 - quiet + 1
    inbox.put([audio(3)], 31 * BEAT_S)
    inbox.put([audio(4)], 32 * BEAT_S)
    first, second = taken(inbox, 32 * BEAT_S)
    assert first == FrameSent(frame(3), missing=28 - given)
    assert second == FrameSent(frame(4))


def test_silence_that_turns_out_to_have_been_a_network_that_stood_still_was_none() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1, 2)
    given = [item for beat in range(3, 31) for item in taken(inbox, (beat + 0.1) * BEAT_S)]
    assert given
    inbox.put([audio(number) for number in range(3, 32)], 31 * BEAT_S)
    first, *others = taken(inbox, 32 * BEAT_S)
    assert first == FrameSent(frame(3), late=True)
    assert others == [FrameSent(frame(number)) for number in range(4, 32)]


def test_what_a_network_that_stood_still_lost_is_missing_nobody_knows_where() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1, 2)
    for beat in range(3, 31):
        taken(inbox, (beat + 0.1) * BEAT_S)
    inbox.put([audio(number) for number in range(3, 30)], 31 * BEAT_S)
    inbox.put([audio(30)], 32 * BEAT_S)
    first, *others = taken(inbox, 32 * BEAT_S)
    assert first == FrameSent(frame(3), late=True)
    assert [item.missing for item in others if isinstance(item, FrameSent)] == [0] * 27


def test_silence_around_an_event_stands() -> None:
    inbox = Inbox()
    put_at(inbox, 0, 1, 2)
    inbox.put([KeyFrame("5")], 10 * BEAT_S)
    silence = [item for beat in range(10, 60) for item in taken(inbox, (beat + 0.1) * BEAT_S)]
    assert NothingSent() in silence
    inbox.put([audio(3)], 60 * BEAT_S)
    assert taken(inbox, 60 * BEAT_S) == [FrameSent(frame(3))]


def test_before_the_first_packet_time_passes_as_well() -> None:
    inbox = Inbox()
    assert taken(inbox, 0.0) == []
    assert taken(inbox, QUIET_S + 0.001) == [NothingSent()]
