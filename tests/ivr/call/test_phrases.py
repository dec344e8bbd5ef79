from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from credentials.lines.number_groups import digits_of
from credentials.model import Line, Unit
from ivr.call import phrases
from ivr.call.dialogue.table import (
    BROKEN_UP,
    CLOSINGS,
    PLEASE_WAIT,
    START_OVER,
    STEPS,
    UNAVAILABLE,
    UNIT_OF_THE_LINE,
    WRONG_ENTRY,
    Request,
    done_guidance,
)
from ivr.call.phrases import Number, Part, Phrase, render, transcript
from ivr.exchange.configuration import CROWDED
from prompts import Catalogue, ClipError, languages, load_catalogue
from prompts.purposes import PURPOSES


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue("ja")


def seconds(*parts: Part, catalogue: Catalogue) -> float:
    return len(render(Phrase(parts), catalogue)) / 8000


def clip_seconds(id_: str, catalogue: Catalogue) -> float:
    return len(catalogue.clip(id_)) / 8000


@pytest.mark.parametrize(
    ("number", "groups"),
    [
        ("0312345678", ("03", "1234", "5678")),
        ("0612345678", ("06", "1234", "5678")),
        ("09012345678", ("090", "1234", "5678")),
        ("05012345678", ("050", "1234", "5678")),
        ("0120123456", ("0120", "123", "456")),
        ("08001234567", ("0800", "123", "4567")),
        ("0570012345", ("0570", "012", "345")),
        ("0451234567", ("045", "123", "4567")),
        ("110", ("110",)),
        ("12345", ("1", "2345")),
        ("123456789012", ("1234", "5678", "9012")),
    ],
)
def test_a_number_is_read_in_the_groups_in_which_people_write_it(number: str, groups: tuple[str, ...]) -> None:
    assert digits_of(number) == groups


@given(st.text("0123456789", min_size=1, max_size=20))
def test_groups_hold_every_digit_in_order_and_never_more_than_the_longest_area_code(number: str) -> None:
    groups = digits_of(number)
    assert "".join(groups) == number
    assert all(1 <= len(group) <= 5 for group in groups)


@pytest.mark.parametrize("digits", ["", "03-1234-5678", "+81312345678", "０３１２", "1" * 21, "12 34"])
def test_what_is_no_number_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="give 1 to 20 digits"):
        Number(digits)


def test_a_phrase_without_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        Phrase(())


def test_the_name_of_a_phrase_tells_its_parts_but_not_the_number() -> None:
    phrase = Phrase(("target.contract", Number("0312345678"), "password.about"))
    assert phrase.name == "target.contract+number+password.about"


def test_a_transcript_reads_as_one_text_with_the_number_in_hyphens(catalogue: Catalogue) -> None:
    phrase = Phrase(("target.contract", Number("0363044747"), "done.set"))
    assert transcript(phrase, catalogue) == "契約者回線番号、03-6304-4747の、仮パスワードを設定しました。"


def test_a_phrase_begins_with_silence_and_then_with_its_first_clip(catalogue: Catalogue) -> None:
    samples = render(Phrase(("wrong.again",)), catalogue)
    lead_in = round(phrases.LEAD_IN_S * 8000)
    assert not samples[:lead_in].any()
    assert np.array_equal(samples[lead_in:], catalogue.clip("wrong.again"))


def test_clips_stand_apart_by_the_pause_that_their_text_calls_for(catalogue: Catalogue) -> None:
    sentence = seconds("wrong.again", "confirm.ask", catalogue=catalogue)
    clause = seconds("target.contract", "confirm.ask", catalogue=catalogue)
    ask = clip_seconds("confirm.ask", catalogue) + phrases.LEAD_IN_S
    assert sentence == pytest.approx(clip_seconds("wrong.again", catalogue) + 0.45 + ask)
    assert clause == pytest.approx(clip_seconds("target.contract", catalogue) + 0.25 + ask)


def test_a_number_is_spoken_in_tones_with_pauses_between_its_groups(catalogue: Catalogue) -> None:
    ids = ["0.rise", "3.low", "1.rise", "2.high", "3.fall", "4.low", "5.rise", "6.high", "7.fall", "8.low"]
    digits = sum(clip_seconds(f"digit.{id_}", catalogue) for id_ in ids)
    pauses = phrases.LEAD_IN_S + 2 * phrases.GROUP_PAUSE_S + 7 * phrases.DIGIT_PAUSE_S
    assert seconds(Number("0312345678"), catalogue=catalogue) == pytest.approx(digits + pauses)


def test_a_sentence_that_goes_on_after_the_number_follows_without_a_pause(catalogue: Catalogue) -> None:
    samples = render(Phrase((Number("03"), "password.about")), catalogue)
    pieces: list[NDArray[Any]] = [
        np.zeros(round(phrases.LEAD_IN_S * 8000)),
        catalogue.clip("digit.0.rise"),
        np.zeros(round(phrases.DIGIT_PAUSE_S * 8000)),
        catalogue.clip("digit.3.onward"),
        np.zeros(round(phrases.DIGIT_PAUSE_S * 8000)),
        catalogue.clip("password.about"),
    ]
    assert np.array_equal(samples, np.concatenate(pieces))


def test_after_the_number_another_sentence_waits(catalogue: Catalogue) -> None:
    together = seconds(Number("03"), "password.ask", catalogue=catalogue)
    number = seconds(Number("03"), catalogue=catalogue)
    ask = clip_seconds("password.ask", catalogue)
    assert together == pytest.approx(number + phrases.SENTENCE_PAUSE_S + ask)


def test_calls_share_a_rendered_phrase_and_cannot_change_it(catalogue: Catalogue) -> None:
    samples = render(Phrase(("unit.ask",)), catalogue)
    assert samples.dtype == np.int16
    assert render(Phrase(("unit.ask",)), catalogue) is samples
    with pytest.raises(ValueError, match="read-only"):
        samples[0] = 1


@given(number=st.text("0123456789", min_size=1, max_size=20))
def test_every_number_can_be_said_and_its_transcript_holds_its_digits(catalogue: Catalogue, number: str) -> None:
    phrase = Phrase((Number(number),))
    spoken = render(phrase, catalogue)
    assert len(spoken) > sum(len(catalogue.clip(f"digit.{digit}.high")) for digit in number) / 2
    assert transcript(phrase, catalogue).replace("-", "") == number


@pytest.fixture(scope="module", params=languages())
def language(request: pytest.FixtureRequest) -> Catalogue:
    return load_catalogue(request.param)


def test_the_dialogue_says_what_the_catalogues_have_and_nothing_else(language: Catalogue) -> None:
    number = "0312345678"
    line = Line(contract_number=number, numbers=frozenset({number}), tried_out=frozenset({number}))
    request = Request(number, line, target=number, unit=Unit.LINE)
    said = [step.guidance(request) + step.reminder(request) for step in STEPS.values()]
    said += [(part,) for part in UNIT_OF_THE_LINE.values()]
    said += [*CLOSINGS.values(), WRONG_ENTRY, BROKEN_UP, START_OVER, PLEASE_WAIT, UNAVAILABLE, done_guidance(request)]
    parts = {part for phrase in said for part in phrase}
    assert {part for part in parts if isinstance(part, str)} == set(PURPOSES) - {CROWDED}
    for phrase in said:
        assert len(render(Phrase(phrase), language)) > 8000


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("ja", "契約者回線番号、03-6304-4747の、仮パスワードを設定しました。"),
        ("en", "Contract number 03-6304-4747 now has a temporary password."),
    ],
)
def test_the_same_phrase_is_a_sentence_in_every_language(tag: str, text: str) -> None:
    phrase = Phrase(("target.contract", Number("0363044747"), "done.set"))
    assert transcript(phrase, load_catalogue(tag)) == text


def test_digits_stand_in_the_same_groups_in_every_language(language: Catalogue) -> None:
    samples = render(Phrase((Number("0312345678"),)), language)
    ids = [id_ for group in ("03", "1234", "5678") for id_ in language.digit_ids(group)]
    pauses = phrases.LEAD_IN_S + 2 * phrases.GROUP_PAUSE_S + 7 * phrases.DIGIT_PAUSE_S
    assert len(samples) / 8000 == pytest.approx(sum(clip_seconds(id_, language) for id_ in ids) + pauses)


@pytest.mark.parametrize("say", [render, transcript])
def test_an_unknown_clip_is_named(catalogue: Catalogue, say: object) -> None:
    assert callable(say)
    with pytest.raises(ClipError, match=r"no clip 'unit\.tell'"):
        say(Phrase(("unit.tell",)), catalogue)
