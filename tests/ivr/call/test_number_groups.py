"""Numbers as callers hear them: digits and pauses are found again in the audio, clip by clip.

The expected groups come from three sources: numbers written by hand, as their owners write them; the shapes of numbers
that belong to no place; and, for all of Japan's area codes, the national format of libphonenumber's metadata.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
import pytest
from phonenumbers import PhoneNumberFormat, format_number, parse
from phonenumbers.data.region_JP import PHONE_METADATA_JP

from ivr.call.phrases import DIGIT_PAUSE_S, GROUP_PAUSE_S, LEAD_IN_S, Number, Phrase, render, transcript
from prompts import Catalogue, languages, load_catalogue
from sound.telephone import SAMPLE_RATE_HZ

RANDOM_NUMBERS = 200
AREA_CODE_DIGITS = (2, 3, 4, 5)


@pytest.fixture(scope="module", params=languages())
def language(request: pytest.FixtureRequest) -> Catalogue:
    return load_catalogue(request.param)


def clips_heard(number: str, catalogue: Catalogue) -> list[list[str]]:
    """Find the ids of the digits' clips in the audio of a number, one list for each group between two long pauses."""
    samples = render(Phrase((Number(number),)), catalogue)
    digits = {id_: catalogue.clip(id_) for id_ in catalogue.ids if id_.startswith("digit.")}
    pauses = [round(duration_s * SAMPLE_RATE_HZ) for duration_s in (GROUP_PAUSE_S, DIGIT_PAUSE_S)]

    def clip_at(place: int) -> str | None:
        return next((i for i, clip in digits.items() if np.array_equal(samples[place : place + len(clip)], clip)), None)

    place = round(LEAD_IN_S * SAMPLE_RATE_HZ)
    assert not samples[:place].any()
    groups: list[list[str]] = [[]]
    while (id_ := clip_at(place)) is not None:
        groups[-1].append(id_)
        place += len(digits[id_])
        if place == len(samples):
            return groups
        pause = next(length for length in pauses if not samples[place : place + length].any())
        place += pause
        if pause == pauses[0]:
            groups.append([])
    raise AssertionError(f"after {groups} there is no digit at sample {place} of {len(samples)}")


def heard(number: str, catalogue: Catalogue) -> str:
    """Write a number as a caller hears it: with a hyphen for every long pause."""
    return "-".join("".join(id_.split(".")[1] for id_ in group) for group in clips_heard(number, catalogue))


def written(number: str, catalogue: Catalogue) -> str:
    return transcript(Phrase((Number(number),)), catalogue)


def national_format(number: str) -> str:
    return format_number(parse(number, "JP"), PhoneNumberFormat.NATIONAL)


@cache
def area_codes() -> dict[str, list[str]]:
    """Map each area code to the first six digits of its numbers."""
    fixed_line = PHONE_METADATA_JP.fixed_line
    assert fixed_line is not None
    assert fixed_line.national_number_pattern is not None
    in_use = re.compile(fixed_line.national_number_pattern)
    found: dict[str, list[str]] = {}
    for digits in product("0123456789", repeat=5):
        start = "0" + "".join(digits)
        if in_use.fullmatch(start[1:] + "0000"):
            found.setdefault(national_format(start + "0000").split("-")[0], []).append(start)
    return found


def of_area_codes(length: int) -> Iterator[str]:
    """Numbers whose area code has `length` digits, the same ones in every run."""
    chance = random.Random(length)
    starts = [start for code, starts in sorted(area_codes().items()) if len(code) == length for start in starts]
    for _ in range(RANDOM_NUMBERS):
        yield f"{chance.choice(starts)}{chance.randrange(10_000):04}"


@pytest.mark.parametrize(
    "number",
    [
        "03-6304-4747",  # Tokyo
        "06-6123-4567",  # Osaka
        "04-7123-4567",  # Kashiwa
        "04-2998-1234",  # Tokorozawa
        "011-212-3456",  # Sapporo
        "042-512-3456",  # Tachikawa
        "045-123-4567",  # Yokohama
        "052-961-2345",  # Nagoya
        "099-226-1234",  # Kagoshima
        "0123-24-1234",  # Chitose
        "0422-51-1234",  # Musashino
        "0428-22-1234",  # Ome
        "0438-23-1234",  # Kisarazu
        "0460-85-1234",  # Hakone
        "0466-12-3456",  # Fujisawa
        "0742-34-1234",  # Nara
        "0997-52-1234",  # Amami
        "01267-2-3456",  # Mikasa
        "01558-6-1234",  # Hiroo
        "04992-2-1234",  # Oshima
        "04998-2-1234",  # Ogasawara
        "08512-2-1234",  # Okinoshima
        "09802-2-1234",  # Daito
        "090-1234-5678",
        "080-1234-5678",
        "070-1234-5678",
        "060-1234-5678",
        "050-1234-5678",
        "020-1234-5678",
        "0120-123-456",
        "0800-123-4567",
        "0570-012-345",
        "0990-512-345",
        "0180-99-1234",
    ],
)
def test_a_number_is_heard_and_shown_as_its_owner_writes_it(number: str, language: Catalogue) -> None:
    digits = number.replace("-", "")
    assert (heard(digits, language), written(digits, language)) == (number, number)


def test_every_area_code_of_japan_is_heard_as_a_group_of_its_own(language: Catalogue) -> None:
    assert len(area_codes()) > 380
    assert {len(code) for code in area_codes()} == set(AREA_CODE_DIGITS)
    for starts in area_codes().values():
        number = starts[0] + "2345"
        assert (heard(number, language), written(number, language)) == (national_format(number),) * 2


@pytest.mark.parametrize("length", AREA_CODE_DIGITS)
def test_numbers_of_each_length_of_area_code_are_heard_in_the_groups_of_the_plan(
    length: int, language: Catalogue
) -> None:
    for number in of_area_codes(length):
        form = national_format(number)
        assert len(form.split("-")[0]) == length
        assert (heard(number, language), written(number, language)) == (form, form)


@pytest.mark.parametrize(
    ("start", "sizes"),
    [
        *((start, (3, 4, 4)) for start in ("0601", "0701", "0801", "0901", "0501", "0201")),
        ("0800", (4, 3, 4)),
        *((start, (4, 3, 3)) for start in ("0120", "0570", "0990")),
    ],
)
def test_numbers_of_no_place_are_heard_in_the_groups_of_their_kind(
    start: str, sizes: tuple[int, ...], language: Catalogue
) -> None:
    chance, length = random.Random(start), sum(sizes)
    for _ in range(20):
        number = start + "".join(chance.choices("0123456789", k=length - len(start)))
        assert tuple(map(len, heard(number, language).split("-"))) == sizes
        assert heard(number, language).replace("-", "") == number


@pytest.mark.parametrize(
    "number",
    [
        "110",
        "1-2345",  # no leading 0
        "466-1234",
        "1234-5678",
        "4-6612-3456",
        "81-4661-2345",  # a country code instead of it
        "12-0255-5012",
        "046-6123",  # too short
        "046-6123-4567",  # too long
        "09-0123-4567",  # a mobile number that lacks a digit
        "0-1012-0255-5012",  # an international prefix
        "0000-0000",
        "0",
        "9999-9999-9999-9999-9999",
    ],
)
def test_a_number_without_a_form_in_the_plan_is_heard_in_fours(number: str, language: Catalogue) -> None:
    digits = number.replace("-", "")
    assert (heard(digits, language), written(digits, language)) == (number, number)


def test_an_area_code_of_five_digits_is_spoken_in_two_accent_phrases() -> None:
    assert clips_heard("0499221234", load_catalogue("ja")) == [
        ["digit.0.rise", "digit.4.low", "digit.9.rise", "digit.9.fall", "digit.2.low"],
        ["digit.2.fall"],
        ["digit.1.rise", "digit.2.high", "digit.3.fall", "digit.4.low"],
    ]


def test_the_plan_is_loaded_with_the_guidance_and_not_before() -> None:
    """In a process of its own: a command that reads no number out does not wait, nor does a call."""
    loaded = "print('phonenumbers' in sys.modules, 'phonenumbers.data.region_JP' in sys.modules)"
    program = (
        f"import sys, ivr.call.phrases; from ivr.call.guidance import Guidance; {loaded}; Guidance.load('ja'); {loaded}"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False False", "True True"]
