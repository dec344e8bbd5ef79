"""One caller cannot take all places (docs/rules.md 4.3)."""

from ivr.service.places import Places


def test_a_number_has_so_many_places_and_no_more() -> None:
    places = Places(of_a_number=2)
    assert [places.take("0312345678") for _ in range(3)] == [True, True, False]
    assert places.take("0661234567")


def test_a_place_that_is_given_back_can_be_taken_again() -> None:
    places = Places(of_a_number=1)
    assert places.take("")
    assert not places.take("")
    places.give_back("")
    places.give_back("")
    assert places.take("")
