"""Which clips were heard of guidance, whole or stopped."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.cli.calls.call import _text
from ivr.lab.ear import Ear, Utterance, heard_clips
from prompts import Catalogue, languages, load_catalogue
from prompts.purposes import PURPOSES
from sound.telephone import SAMPLE_RATE_HZ


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue("ja")


def heard(samples: NDArray[np.int16]) -> Utterance:
    """The first utterance that an ear cuts from the audio."""
    ear = Ear()
    for begin in range(0, len(samples) - len(samples) % 160, 160):
        if (utterance := ear.feed(samples[begin : begin + 160])) is not None:
            return utterance  # one clip has a pause that is long enough for that
    utterance = ear.finish()
    assert utterance is not None
    return utterance


def beginning(catalogue: Catalogue, clip_id: str, seconds: float) -> NDArray[np.int16]:
    return catalogue.clip(clip_id)[: int(seconds * SAMPLE_RATE_HZ)]


@pytest.mark.parametrize("language", languages())
def test_a_clip_that_was_heard_to_its_end_was_heard_whole(language: str) -> None:
    catalogue = load_catalogue(language)
    for clip_id in PURPOSES:
        (clip,) = heard_clips(heard(catalogue.clip(clip_id)), catalogue)
        assert (clip.clip_id, clip.share) == (clip_id, 1.0)
        assert _text(heard(catalogue.clip(clip_id)), catalogue).removeprefix("…") == catalogue.text(clip_id)


def test_of_a_clip_that_was_stopped_the_phrases_that_were_heard_are_told(catalogue: Catalogue) -> None:
    whole = catalogue.text("unit.ask")
    seconds = len(catalogue.clip("unit.ask")) / SAMPLE_RATE_HZ
    told = [_text(heard(beginning(catalogue, "unit.ask", share * seconds)), catalogue) for share in (0.1, 0.5, 0.8)]
    assert told[0].startswith("仮パスワ")
    assert told[1].startswith("仮パスワードを設定します。")
    for text in told:
        part = text.removesuffix("… (stopped)")
        assert text != part
        assert whole.startswith(part)
    assert len(told[1]) < len(told[2]) < len(whole)


def test_a_guidance_that_the_next_one_follows_at_once_was_stopped_too(catalogue: Catalogue) -> None:
    pause = np.zeros(SAMPLE_RATE_HZ // 2, np.int16)
    both = np.concatenate([beginning(catalogue, "unit.ask", 1.2), pause, catalogue.clip("number.ask")])
    first, second = heard_clips(heard(both), catalogue)
    assert (first.clip_id, second.clip_id) == ("unit.ask", "number.ask")
    assert first.share < 0.5
    assert second.share == 1.0


def test_a_lost_packet_at_the_end_is_no_stop(catalogue: Catalogue) -> None:
    clip = catalogue.clip("unit.ask")
    last = int(np.flatnonzero(np.abs(clip.astype(np.int32)) > 300)[-1])
    (found,) = heard_clips(heard(clip[: last - 800]), catalogue)
    assert found.share == 1.0


def test_english_is_told_word_by_word() -> None:
    catalogue = load_catalogue("en")
    seconds = len(catalogue.clip("unit.ask")) / SAMPLE_RATE_HZ
    told = _text(heard(beginning(catalogue, "unit.ask", 0.5 * seconds)), catalogue)
    part = told.removesuffix("… (stopped)")
    assert part
    assert catalogue.text("unit.ask").startswith(f"{part}{catalogue.text('unit.ask')[len(part)]}")
    assert catalogue.text("unit.ask")[len(part)] == " "
