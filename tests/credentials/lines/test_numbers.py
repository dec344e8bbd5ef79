"""Telephone numbers in all ways of writing them (docs/rules.md 1.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number

NATIONAL = st.from_regex(r"\A(0[1-9][1-9][0-9]{7}|0[5-9]0[0-9]{8})\Z")


@pytest.mark.parametrize(
    "text",
    [
        "0312345678",
        "03-1234-5678",
        "(03) 1234 5678",
        "+81312345678",
        "+81-3-1234-5678",
        "81312345678",
        "810312345678",
        "0081312345678",
        "010-81-3-1234-5678",
        "01081 (0)3 1234 5678",
        "+81 (0)3-1234-5678",
        "０３－１２３４－５６７８",
        "０３ー１２３４ー５６７８",
        "03‐1234‐5678",
        "03−1234−5678",
        " 0312345678\n",
    ],
)
def test_every_usual_way_to_write_a_number_gives_the_same_digits(text: str) -> None:
    assert normalise_number(text) == "0312345678"


@pytest.mark.parametrize(
    "number", ["09012345678", "05012345678", "08001234567", "0120123456", "0570123456", "0990123456"]
)
def test_mobile_ip_and_service_numbers_keep_their_lengths(number: str) -> None:
    assert normalise_number(number) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "312345678",
        "031234567",
        "03123456789",
        "0901234567",
        "090123456789",
        "0012345678",
        "+15551234567",
        "8131234567",
        "813123456789",
        "0113312345678",
        "008131234567",
        "0182312345678",
        "+8100312345678",
        "anonymous",
        "03-1234-567x",
        "٠٣١٢٣٤٥٦٧٨",
        "0312345678;0312345679",
        "0" * 10_000,
    ],
)
def test_anything_else_is_no_number(text: str) -> None:
    with pytest.raises(InvalidNumber):
        normalise_number(text)


@given(NATIONAL)
def test_a_stored_number_is_its_own_normal_form_with_and_without_country_code(number: str) -> None:
    assert normalise_number(number) == number
    assert normalise_number("+81" + number[1:]) == number


@given(st.text(max_size=60))
def test_any_text_gives_a_national_number_or_the_one_error(text: str) -> None:
    try:
        number = normalise_number(text)
    except InvalidNumber:
        return
    assert number.isascii()
    assert number.isdigit()
    assert number[0] == "0"
    assert len(number) in (10, 11)


def test_the_error_names_the_text_and_how_to_write_it() -> None:
    with pytest.raises(InvalidNumber, match=r"'03-12'.*03-1234-5678"):
        normalise_number("03-12")
