"""A frame that is a beat late, and alone, tells of a lost one; a late one does not."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.telephony.arrivals import MOST_LOST, Arrivals


def losses(arrivals: list[float]) -> list[int]:
    """What is made of frames that arrive one by one at these times (in beats of 20 ms)."""
    watch = Arrivals()
    return [watch.lost_before(1, beat * 0.02) for beat in arrivals]


def test_a_steady_beat_has_no_losses() -> None:
    assert losses(list(range(100))) == [0] * 100


@pytest.mark.parametrize("lost", range(1, MOST_LOST + 1))
def test_frames_that_never_come_are_counted_where_they_are_missing(lost: int) -> None:
    assert losses([0, 1, 2, 3 + lost, 4 + lost, 5 + lost]) == [0, 0, 0, lost, 0, 0]


def test_a_pause_of_the_sender_is_no_loss() -> None:
    assert losses([0, 1, 2, 20, 21, 23, 24]) == [0, 0, 0, 0, 0, 1, 0]


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


def test_frames_that_were_held_up_and_come_together_are_no_loss() -> None:
    watch = Arrivals()
    for beat in range(5):
        watch.lost_before(1, beat * 0.02)
    assert watch.lost_before(4, 8 * 0.02) == 0
    assert watch.lost_before(1, 9 * 0.02) == 0


def test_after_a_stall_that_looked_like_a_loss_the_beat_is_found_again() -> None:
    assert losses([0, 1, 2, 4.9, 5, 5.1, 6, 7, 8, 10])[-4:] == [0, 0, 0, 1]
