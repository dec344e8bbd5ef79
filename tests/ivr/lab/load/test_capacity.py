"""How many calls a host carries: as many as there were just before it gave way."""

from __future__ import annotations

from ivr.cli.capacity import _GAVE_WAY
from ivr.lab.load.calling import LoadProgress
from ivr.lab.load.capacity import Capacity, _Rising
from ivr.records.vitals import STRAINS


def progress(talking: int, seconds: float = 1.0) -> LoadProgress:
    return LoadProgress(seconds=seconds, of_seconds=60.0, calling=talking, talking=talking, over=0, to_the_end=0)


def rise(signs: list[str | None], *, interrupted_at: int | None = None) -> Capacity:
    """Ten calls more a second, while the service reports these signs one after the other."""
    left = iter(signs)
    seconds = iter(range(100))
    rising = _Rising(lambda: next(left, None), show=lambda _: None, wait=lambda _: next(seconds) == interrupted_at)
    for talking in range(10, 10 * len(signs) + 10, 10):
        if rising.wait(1.0):
            break
        rising.show(progress(talking))
    return rising.capacity


def test_the_calls_of_the_seconds_in_which_it_had_given_way_unnoticed_do_not_count() -> None:
    assert rise([None] * 20 + ["clock"]) == Capacity(calls=180, gave_way="clock")


def test_a_host_that_gives_way_at_once_carries_nothing() -> None:
    assert rise(["memory"]) == Capacity(calls=0, gave_way="memory")


def test_where_nothing_gave_way_all_callers_were_carried() -> None:
    assert rise([None] * 20) == Capacity(calls=200, gave_way=None)


def test_what_was_interrupted_says_so() -> None:
    assert rise([None] * 20, interrupted_at=5) == Capacity(calls=50, gave_way=None, interrupted=True)


def test_when_all_callers_call_and_nothing_gave_way_soon_after_nothing_more_is_waited_for() -> None:
    rising = _Rising(lambda: None, show=lambda _: None, wait=lambda _: False)
    ended = []
    for seconds in (59.0, 60.0, 61.0, 62.0):
        rising.show(progress(100, seconds))
        ended.append(rising.wait(1.0))
    assert ended == [False, False, False, True]
    assert rising.capacity == Capacity(calls=100, gave_way=None)


def test_the_command_has_words_for_each_sign_by_which_a_host_gives_way() -> None:
    assert set(_GAVE_WAY) == set(STRAINS)
