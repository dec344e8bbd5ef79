"""Settings that are typed: each broken rule is named with its place (docs/rules.md 7.2)."""

from __future__ import annotations

import pytest

from mail.addresses import Rule
from notice.settings.checking import faults, tidied
from notice.settings.model import Address, Fault, Listed, Problem, Settings


def with_addresses(*texts: str, started: bool = True) -> Settings:
    return Settings(started=started, addresses=tuple(Address(address=text) for text in texts))


def with_listed(*numbers: str) -> Settings:
    return Settings(listed=tuple(Listed(number=number) for number in numbers))


def test_settings_within_the_rules_have_no_faults() -> None:
    five = with_addresses(*(f"person{number}@example.jp" for number in range(5)))
    thirty = with_listed(*(f"03123456{number:02}" for number in range(30)))
    assert faults(five) == faults(thirty) == faults(Settings()) == ()


def test_an_address_that_breaks_rules_has_them_named() -> None:
    found = faults(with_addresses("ann@example.jp", "a..b@example.jp."))
    assert found == (Fault(Problem.ADDRESS, 2, (Rule.DOT_LAST, Rule.DOTS_IN_A_ROW)),)


def test_an_address_may_not_stand_there_twice_or_be_a_sixth() -> None:
    assert faults(with_addresses("ann@example.jp", "Ann@Example.jp")) == (Fault(Problem.SAME_ADDRESS, 2),)
    six = with_addresses(*(f"person{number}@example.jp" for number in range(6)))
    assert faults(six) == (Fault(Problem.TOO_MANY_ADDRESSES),)


def test_to_start_takes_an_address_that_is_ticked() -> None:
    assert faults(with_addresses()) == (Fault(Problem.NO_ADDRESS),)
    unticked = Settings(started=True, addresses=(Address(address="ann@example.jp", ticked=False),))
    assert faults(unticked) == (Fault(Problem.NO_ADDRESS),)
    assert faults(with_addresses(started=False)) == ()


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("03-1234-5678", Problem.HYPHENS),
        ("03 1234 5678", Problem.HYPHENS),
        ("(03)12345678", Problem.NUMBER),
        ("03ー1234ー5678", Problem.HYPHENS),
        ("0" + "-" * 299, Problem.HYPHENS),
        ("0" + "-" * 298 + "x", Problem.NUMBER),
        ("ann", Problem.NUMBER),
        ("12", Problem.NUMBER),
        ("1" * 21, Problem.NUMBER),
    ],
)
def test_a_listed_number_is_digits_without_hyphens(number: str, problem: Problem) -> None:
    assert faults(with_listed("0312345678", number)) == (Fault(problem, 2),)


@pytest.mark.parametrize("number", ["81312345678", "0081312345678"])
def test_a_listed_number_in_international_form_is_stored_as_callers_numbers_are(number: str) -> None:
    (listed,) = tidied(Settings(listed=(Listed(number=number),))).listed
    assert listed.number == "0312345678"


def test_a_listed_number_may_not_stand_there_twice_or_be_the_thirty_first() -> None:
    assert faults(with_listed("0312345678", "0312345678")) == (Fault(Problem.SAME_NUMBER, 2),)
    many = with_listed(*(f"03123456{number:02}" for number in range(31)))
    assert faults(many) == (Fault(Problem.TOO_MANY_LISTED),)


def test_a_name_has_forty_characters_at_most() -> None:
    long = Settings(listed=(Listed(number="0312345678", name="あ" * 41),))
    assert faults(long) == (Fault(Problem.NAME, 1),)


def test_what_is_stored_has_no_blanks_full_width_digits_empty_rows_or_marks_that_steer() -> None:
    typed = Settings(
        addresses=(Address(address="  ann@example.jp "), Address(address=" ")),
        listed=(Listed(number="０３１２３４５６７８ ", name="the\u202e bank\r\nBcc: x"), Listed(number="", name="")),
    )
    stored = tidied(typed)
    assert [each.address for each in stored.addresses] == ["ann@example.jp"]
    assert stored.listed == (Listed(number="0312345678", name="the bank Bcc: x"),)
