"""The product's guidance is complete, pronounced as expected, and at telephone level."""

from pathlib import Path

import numpy as np
import pytest

from prompts import Catalogue, load_catalogue
from prompts.building import sound
from prompts.building.build import build, misreadings
from prompts.building.check import check
from prompts.building.voices import open_voice
from prompts.catalogue import HERE
from prompts.manifest import audio_directory
from prompts.purposes import PURPOSES
from prompts.script import read_script
from prompts.wav import decode
from sound.samples import to_float32

pytestmark = pytest.mark.slow

LANGUAGES = sorted(path.stem for path in HERE.glob("*.toml"))

DIGIT_IDS = [f"digit.{digit}.{tone}" for digit in range(10) for tone in ("rise", "high", "fall", "low", "onward")]


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def catalogue(language: str) -> Catalogue:
    return load_catalogue(language)


def test_japanese_and_english_are_there() -> None:
    assert {"ja", "en"} <= set(LANGUAGES)


def test_every_guidance_of_the_dialogue_is_there_and_nothing_else(catalogue: Catalogue) -> None:
    assert {id_ for id_ in catalogue.ids if not id_.startswith("digit.")} == set(PURPOSES)


def test_every_line_says_how_it_is_to_be_pronounced(language: str) -> None:
    assert [line.id for line in read_script(language, HERE).lines.values() if not line.reading] == []


@pytest.mark.needs("flite")
def test_every_line_is_pronounced_as_expected_and_text_manifest_and_audio_agree(language: str) -> None:
    voice = open_voice(read_script(language, HERE).voice)
    assert check(language, HERE, voice) == []


@pytest.mark.parametrize(
    ("language", "right", "wrong", "found"),
    [
        ("ja", "シャ'ープヲ", "チャ'ープヲ", "number.ask: '最後に、シャープを押してください。' is read"),
        ("en", "p aw n d k iy", "p aw n d k ey", "number.ask: 'Then press the pound key.' is read"),
    ],
)
@pytest.mark.needs("flite")
def test_a_reading_that_is_wrong_in_a_single_sound_does_not_pass(
    tmp_path: Path, language: str, right: str, wrong: str, found: str
) -> None:
    text = (HERE / f"{language}.toml").read_text(encoding="utf-8")
    assert text.count(right) == 1
    (tmp_path / f"{language}.toml").write_text(text.replace(right, wrong), encoding="utf-8")
    script = read_script(language, tmp_path)
    voice = open_voice(script.voice)
    assert voice is not None
    (finding,) = misreadings(script, voice, script.lines)
    assert finding.startswith(found)


@pytest.mark.needs("flite")
def test_the_committed_audio_is_what_the_builder_makes(tmp_path: Path, language: str) -> None:
    script = read_script(language, HERE)
    build(script, open_voice(script.voice), tmp_path)
    for committed in audio_directory(HERE, language).glob("*.wav"):
        made = audio_directory(tmp_path, language) / committed.name
        before, after = (decode(path.read_bytes(), path).astype(np.int32) for path in (committed, made))
        # another processor may round differently
        assert len(before) == len(after)
        assert np.abs(before - after).max() <= 2, committed.name


def test_every_clip_is_at_telephone_level(catalogue: Catalogue) -> None:
    for id_ in catalogue.ids:
        samples = to_float32(catalogue.clip(id_)).astype(np.float64)
        tolerance_db = 4 if id_.startswith("digit.") else 1
        assert sound.active_level_dbfs(samples) == pytest.approx(-20, abs=tolerance_db), id_
        assert 20 * np.log10(np.abs(samples).max()) < -2.99, id_


def test_every_clip_is_free_of_hum_and_offset(catalogue: Catalogue) -> None:
    for id_ in catalogue.ids:
        power = np.abs(np.fft.rfft(catalogue.clip(id_))) ** 2
        hertz = np.fft.rfftfreq(len(catalogue.clip(id_)), 1 / 8000)
        outside = power[(hertz < 150) | (hertz > 3600)].sum() / power.sum()
        assert 10 * np.log10(outside) < -45, id_


def test_every_clip_begins_and_ends_in_silence(catalogue: Catalogue) -> None:
    edge = round(sound.EDGE_SILENCE_S * 8000)
    for id_ in catalogue.ids:
        samples = catalogue.clip(id_)
        assert not samples[:edge].any(), id_
        assert not samples[-edge:].any(), id_
        assert np.abs(samples[edge : edge + 40].astype(int)).max() < 2000, id_


def test_no_sentence_lasts_too_long_to_listen_to(catalogue: Catalogue) -> None:
    for id_ in catalogue.ids:
        assert 0.2 < len(catalogue.clip(id_)) / 8000 < 14, id_
    assert len(catalogue.clip("unit.ask")) / 8000 < 11


def test_japanese_digits_come_in_all_tones() -> None:
    assert set(DIGIT_IDS) <= set(load_catalogue("ja").ids)


def test_all_audio_together_stays_small() -> None:
    assert sum(path.stat().st_size for path in (HERE / "audio").rglob("*.wav")) < 5_000_000


def test_the_licence_of_the_english_voice_comes_with_the_audio() -> None:
    notice = (HERE / "LICENSE-voice-en.txt").read_text(encoding="utf-8")
    assert "Carnegie Mellon University" in notice
    assert "1. The code must retain the above copyright notice" in notice


def test_the_licence_of_the_japanese_voice_comes_with_the_audio() -> None:
    notice = (HERE / "LICENSE-voice.txt").read_text(encoding="utf-8")
    assert 'HTS Voice "Mei"' in notice
    assert "Copyright (c) 2009-2013  Nagoya Institute of Technology" in notice
    assert "http://creativecommons.org/licenses/by/3.0/" in notice
