"""A single frame that is a beat late means a lost one; a frame that is merely late does not."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.audiosocket.arrivals import BEAT_S, LATE, Arrivals


def losses(arrivals: list[float]) -> list[int]:
    """The losses that are found before each of the frames that arrive one by one at these times (in beats of 20 ms)."""
    watch = Arrivals()
    before_last = [watch.arrived(1, beat * 0.02) for beat in arrivals]
    return [*before_last[1:], watch.settle((arrivals[-1] + 2) * 0.02) or 0]


def test_a_steady_beat_has_no_losses() -> None:
    assert losses(list(range(100))) == [0] * 100


@pytest.mark.parametrize("lost", [1, 2, 3, 4, 5, 10, 50])
def test_frames_that_never_come_are_counted_where_they_are_missing(lost: int) -> None:
    assert losses([0, 1, 2, 3 + lost, 4 + lost, 5 + lost]) == [0, 0, 0, lost, 0, 0]


def test_a_pause_that_is_not_sent_is_counted_and_the_beat_may_be_another_one_behind_it() -> None:
    assert losses([0, 1, 2, 20.3, 21.3, 23.3, 24.3]) == [0, 0, 0, 17, 0, 1, 0]


def test_frames_that_a_network_held_up_for_long_and_that_come_together_are_not_missing() -> None:
    assert losses([0, 1, 2, *[12.0 + n / 50 for n in range(10)], 13, 14]) == [0] * 15


def test_jitter_of_half_a_beat_is_no_loss() -> None:
    chance = np.random.default_rng(1)
    assert sum(losses([beat + chance.uniform(-0.25, 0.25) for beat in range(5000)])) == 0


def test_losses_are_found_under_jitter() -> None:
    chance = np.random.default_rng(2)
    beats = [beat for beat in range(5000) if chance.random() > 0.03]
    true = [after - before - 1 for before, after in zip([0, *beats], beats, strict=False)]
    found = losses([beat + chance.uniform(-0.15, 0.15) for beat in beats])
    assert found[1:] == true[1:]


def test_a_clock_that_drifts_is_followed() -> None:
    assert sum(losses([beat * 1.0005 for beat in range(20000)])) == 0
    assert sum(losses([beat * 0.9995 for beat in range(20000)])) == 0


def test_a_frame_that_was_held_up_alone_is_no_loss() -> None:
    assert sum(losses([0, 1, 2, 3.9, 4, 5, 6, 7.7, 8, 9])) == 0


def test_jitter_of_more_than_a_beat_makes_few_losses() -> None:
    chance = np.random.default_rng(3)
    beats = np.maximum.accumulate([beat + max(0.0, chance.normal(0, 0.5)) for beat in range(5000)])
    found = sum(losses(list(beats)))
    alone = sum(max(0, int(late + 1 - LATE)) for late in beats - np.arange(5000))
    assert alone > 500
    assert found < alone / 4


def test_a_late_frame_is_in_doubt_until_the_next_or_until_that_is_missing() -> None:
    watch = Arrivals()
    assert [watch.arrived(1, beat * 0.02) for beat in (0, 1, 3)] == [0, 0, 0]
    assert watch.in_doubt
    assert watch.settle(3.5 * 0.02) is None
    assert watch.in_doubt
    assert watch.settle(4.3 * 0.02) == 1
    assert not watch.in_doubt
    assert watch.arrived(1, 4.4 * 0.02) == 0
    assert not watch.in_doubt


def test_frames_that_were_held_up_and_come_together_are_no_loss() -> None:
    watch = Arrivals()
    for beat in range(5):
        watch.arrived(1, beat * 0.02)
    assert watch.arrived(4, 8 * 0.02) == 0
    assert not watch.in_doubt
    assert watch.arrived(1, 9 * 0.02) == 0
    assert not watch.in_doubt


@given(st.lists(st.floats(0.0, 4.0), max_size=60), st.sets(st.integers(0, 60)))
def test_the_short_way_of_a_frame_on_the_beat_gives_what_the_long_way_gives(
    beats: list[float], interrupted: set[int]
) -> None:
    """Frames, each so many beats after the one before."""
    short, long = Arrivals(), Arrivals()
    for number, now in enumerate(accumulate(beats)):
        if number in interrupted:
            short.interrupted()
            long.interrupted()
        assert short.settle(now * BEAT_S) == long.settle(now * BEAT_S)
        missing = 0 if short.on_beat(now * BEAT_S) else short.arrived(1, now * BEAT_S)
        assert missing == long.arrived(1, now * BEAT_S)
        assert (short.in_doubt, short.expected, short.ahead) == (long.in_doubt, long.expected, long.ahead)


def test_after_a_stall_the_beat_is_found_again() -> None:
    assert losses([0, 1, 2, 4.9, 5, 5.1, 6, 7, 8, 10]) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_after_audio_was_withheld_the_next_frame_begins_a_new_beat() -> None:
    watch = Arrivals()
    assert [watch.arrived(1, beat * 0.02) for beat in (0, 1, 3)] == [0, 0, 0]
    assert watch.in_doubt
    watch.interrupted()
    assert not watch.in_doubt
    assert [watch.arrived(1, beat * 0.02) for beat in (6.5, 7.5, 9.5, 10.5)] == [0, 0, 0, 1]


def test_frames_that_were_taken_for_missing_and_come_all_the_same_are_told_of() -> None:
    watch = Arrivals()
    for beat in (0, 1, 2):
        watch.arrived(1, beat * 0.02)
    watch.arrived(1, 5.5 * 0.02)
    assert watch.settle(7 * 0.02) == 2
    ahead = []
    for _ in range(4):
        watch.arrived(1, 7.1 * 0.02)
        ahead.append(watch.ahead)
    assert any(ahead)
    watch.arrived(1, 8.1 * 0.02)
    assert not watch.ahead
