"""How many calls a host carries: as many as there were just before it gave way."""

from __future__ import annotations

from ivr.lab.load.calling import LoadProgress
from ivr.lab.load.capacity import Capacity, _Rising


def progress(talking: int) -> LoadProgress:
    return LoadProgress(seconds=1.0, of_seconds=60.0, calling=talking, talking=talking, over=0, to_the_end=0)


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
