"""One caller cannot take all places (docs/rules.md 4.3)."""

from ivr.service.places import Places
from ivr.service.watching.turned_away import TurnedAway


def test_a_number_has_so_many_places_and_no_more() -> None:
    places = Places(calls=10, of_a_number=2)
    taken = [places.take(worker, "0312345678") for worker in (1, 2, 1)]
    assert taken == [None, None, TurnedAway.TOO_MANY_OF_A_NUMBER]
    assert places.take(1, "0661234567") is None


def test_a_place_that_is_given_back_can_be_taken_again() -> None:
    places = Places(calls=10, of_a_number=1)
    assert places.take(1, "") is None
    assert places.take(2, "") is TurnedAway.TOO_MANY_OF_A_NUMBER
    places.give_back(2, "")  # it has none
    assert places.take(2, "") is TurnedAway.TOO_MANY_OF_A_NUMBER
    places.give_back(1, "")
    assert places.take(2, "") is None


def test_of_all_callers_there_are_no_more_calls_than_places() -> None:
    places = Places(calls=2, of_a_number=2)
    assert [places.take(1, number) for number in ("031", "032", "033")] == [None, None, TurnedAway.TOO_MANY_CALLS]
    places.give_back(1, "031")
    assert places.take(2, "033") is None


def test_the_places_of_a_worker_that_has_died_are_free_again() -> None:
    places = Places(calls=3, of_a_number=2)
    for number in ("031", "031", "032"):
        assert places.take(1, number) is None
    places.give_all_back(1)
    assert [places.take(2, number) for number in ("031", "031", "032")] == [None, None, None]
