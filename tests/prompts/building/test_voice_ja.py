"""The Japanese voice itself; needs the extra `voice`."""

import dataclasses
import importlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from prompts.building.sound import Samples
from prompts.building.voice_ja import JapaneseVoice
from prompts.errors import VoiceError
from prompts.script import VoiceSettings

pytestmark = pytest.mark.slow

SETTINGS = VoiceSettings(name="mei", speed=0.9, digit_speed=0.8, half_tone=-3.0, sentence_pause_s=0.45, accents={})


@pytest.fixture(scope="module")
def voice() -> JapaneseVoice:
    return JapaneseVoice(SETTINGS)


def pitch_hz(samples: Samples, rate_hz: int) -> list[float]:
    """Return the pitch of the voiced 40 ms frames, by autocorrelation between 150 and 420 Hz."""
    frame, step = round(0.04 * rate_hz), round(0.01 * rate_hz)
    low, high = round(rate_hz / 420), round(rate_hz / 150)
    loud = 0.1 * np.abs(samples).max()
    found = []
    for start in range(0, len(samples) - frame, step):
        window = samples[start : start + frame]
        if np.sqrt(np.mean(window**2)) < loud:
            continue
        power = np.correlate(window, window, "full")[frame - 1 :]
        lag = low + int(power[low:high].argmax())
        if power[lag] > 0.6 * power[0]:
            found.append(rate_hz / lag)
    return found


@pytest.mark.parametrize(
    ("sentence", "reading"),
    [
        ("仮パスワードを設定します。", "カリパスワ'ードヲ セッテーシマ'ス"),
        ("最後に、シャープを押してください。", "サ'イゴニ、シャ'ープヲ オシテクダサ'イ"),
        ("ご利用ありがとうございました。", "ゴリヨー アリ'ガトー ゴザイマ'シタ"),
    ],
)
def test_a_reading_shows_kana_accents_phrases_and_pauses(voice: JapaneseVoice, sentence: str, reading: str) -> None:
    assert voice.reading(sentence) == reading


def test_a_misreading_shows(voice: JapaneseVoice) -> None:
    assert voice.reading("お手数ですが、") == "オテカズデ'スガ"  # must be オテスー


def test_an_accent_can_be_set_right(voice: JapaneseVoice) -> None:
    settings = dataclasses.replace(SETTINGS, accents={"カイセンバンゴー": 5})
    assert voice.reading("回線番号") == "カイセンバンゴ'ー"
    assert JapaneseVoice(settings).reading("回線番号") == "カイセンバ'ンゴー"


def test_phonemes_are_those_that_are_spoken(voice: JapaneseVoice) -> None:
    assert voice.phonemes("三、六です。") == "s a N pau r o k u d e s U"


def test_the_same_sentence_sounds_the_same_every_time(voice: JapaneseVoice) -> None:
    first, rate_hz = voice.say("設定します。", follows_number=False)
    again, _ = JapaneseVoice(SETTINGS).say("設定します。", follows_number=False)
    assert rate_hz == 48000
    assert np.array_equal(first, again)


def test_slower_and_lower_take_effect(voice: JapaneseVoice) -> None:
    other = JapaneseVoice(dataclasses.replace(SETTINGS, speed=0.7, half_tone=-6.0))
    plain, rate_hz = voice.say("設定します。", follows_number=False)
    slow_low, _ = other.say("設定します。", follows_number=False)
    assert len(slow_low) > 1.2 * len(plain)
    ratio = np.median(pitch_hz(slow_low, rate_hz)) / np.median(pitch_hz(plain, rate_hz))
    assert ratio == pytest.approx(2 ** (-3 / 12), abs=0.04)


def test_a_sentence_that_goes_on_after_a_number_is_said_without_the_number(voice: JapaneseVoice) -> None:
    alone, rate_hz = voice.say("の、設定です。", follows_number=False)
    onward, _ = voice.say("の、設定です。", follows_number=True)
    assert len(onward) / rate_hz == pytest.approx(len(alone) / rate_hz, abs=0.4)
    # の stays where the number's fall ended, and does not start again
    first_word = slice(0, round(0.3 * rate_hz))
    assert np.median(pitch_hz(onward, rate_hz)[:5]) < np.median(pitch_hz(alone, rate_hz)[:5])
    assert onward[first_word].any()


KANA = ("ゼロ", "イチ", "ニー", "サン", "ヨン", "ゴー", "ロク", "ナナ", "ハチ", "キュー")


@pytest.mark.parametrize("kana", KANA)
def test_a_digit_has_the_pitch_of_its_place_in_a_group(voice: JapaneseVoice, kana: str) -> None:
    tones, rate_hz = voice.say_digit(kana)
    assert list(tones) == ["rise", "high", "fall", "low", "onward"]
    pitch = {tone: pitch_hz(samples, rate_hz) for tone, samples in tones.items()}
    end = {tone: float(np.median(track[-4:])) for tone, track in pitch.items()}
    # the group's last digit ends low; nothing falls before it; before の the fall is not over yet
    assert end["low"] < 0.85 * min(end["high"], end["fall"])
    assert end["low"] < 0.95 * end["onward"]
    assert float(np.median(pitch["rise"])) < float(np.median(pitch["high"]))


@pytest.mark.parametrize("kana", KANA)
def test_a_digit_is_whole_and_nothing_else(voice: JapaneseVoice, kana: str) -> None:
    tones: Mapping[str, Samples]
    tones, rate_hz = voice.say_digit(kana)
    for samples in tones.values():
        power = np.square(samples[: len(samples) // 480 * 480]).reshape(-1, 480).mean(axis=1)
        loud = np.flatnonzero(power > power.max() / 1e3)
        assert 0.14 < (loud[-1] - loud[0]) * 480 / rate_hz < 0.45


@pytest.mark.parametrize("kana", ["に", "ジューニ", "イチ、ニー"])
def test_what_is_not_one_word_of_two_morae_is_no_digit(voice: JapaneseVoice, kana: str) -> None:
    with pytest.raises(VoiceError, match="one word of two morae"):
        voice.say_digit(kana)


def test_a_text_that_is_too_long_is_refused_and_not_a_crash(voice: JapaneseVoice) -> None:
    with pytest.raises(VoiceError, match="write a sentence a row"):
        voice.reading("設定します、" * 2000)


def test_without_its_engine_the_voice_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, *_: Any) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(VoiceError, match=r"pip install 'karipass\[voice\]'"):
        JapaneseVoice(SETTINGS)


def test_the_engine_is_silent_and_is_not_needed_to_play() -> None:
    program = (
        "import sys, prompts, ivr.call.phrases; prompts.load_catalogue(); assert 'pyopenjtalk' not in sys.modules;"
        "from prompts.building.voices import open_voice; from prompts.script import read_script;"
        "open_voice(read_script('ja', prompts.catalogue.HERE).voice).reading('何を')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
