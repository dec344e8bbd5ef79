"""The English voice itself; needs flite."""

import dataclasses
import shutil
from typing import Any

import numpy as np
import pytest

from prompts.building.sound import Samples
from prompts.building.voice_en import EnglishVoice
from prompts.errors import VoiceError
from prompts.script import VoiceSettings

pytestmark = [pytest.mark.needs("flite"), pytest.mark.slow]

SETTINGS = VoiceSettings(name="slt", speed=0.9, digit_speed=0.85, half_tone=0.0, sentence_pause_s=0.45, accents={})
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def voice() -> EnglishVoice:
    return EnglishVoice(SETTINGS)


def loud_s(samples: Samples, rate_hz: int) -> float:
    """Return how long it is louder than 30 dB below its loudest 10 ms."""
    frame = rate_hz // 100
    power = np.square(samples[: len(samples) // frame * frame]).reshape(-1, frame).mean(axis=1)
    loud = np.flatnonzero(power > power.max() / 1e3)
    return float(loud[-1] - loud[0] + 1) / 100


def pitch_hz(samples: Samples, rate_hz: int) -> float:
    """Return the median pitch of the voiced 40 ms frames, by autocorrelation between 100 and 350 Hz."""
    frame, low, high = round(0.04 * rate_hz), rate_hz // 350, rate_hz // 100
    found = []
    for start in range(0, len(samples) - frame, frame // 4):
        window = samples[start : start + frame]
        power = np.correlate(window, window, "full")[frame - 1 :]
        lag = low + int(power[low:high].argmax())
        if power[0] > 0.01 and power[lag] > 0.6 * power[0]:
            found.append(rate_hz / lag)
    return float(np.median(found))


def test_a_reading_shows_phonemes_and_pauses(voice: EnglishVoice) -> None:
    assert voice.reading("For the line, press one.") == "f ao r dh ax l ay n, p r eh s w ah n"
    assert voice.phonemes("For the line, press one.") == "f ao r dh ax l ay n pau p r eh s w ah n"


def test_a_misreading_shows(voice: EnglishVoice) -> None:
    assert voice.reading("186") == "w ah n hh ah n d r ax d ey t iy s ih k s"  # must be one eight six


def test_the_same_sentence_sounds_the_same_every_time(voice: EnglishVoice) -> None:
    first, rate_hz = voice.say("Press one.", follows_number=False)
    again, _ = EnglishVoice(SETTINGS).say("Press one.", follows_number=False)
    assert rate_hz == 16000
    assert np.array_equal(first, again)


def test_slower_and_lower_take_effect(voice: EnglishVoice) -> None:
    other = EnglishVoice(dataclasses.replace(SETTINGS, speed=0.6, half_tone=-5.0))
    plain, rate_hz = voice.say("We are all on our way.", follows_number=False)
    slow_low, _ = other.say("We are all on our way.", follows_number=False)
    assert len(slow_low) > 1.3 * len(plain)
    assert pitch_hz(slow_low, rate_hz) / pitch_hz(plain, rate_hz) == pytest.approx(2 ** (-5 / 12), abs=0.05)


def test_a_sentence_that_goes_on_after_a_number_is_said_without_the_number_and_at_its_pitch(
    voice: EnglishVoice,
) -> None:
    alone, rate_hz = voice.say("will get a password.", follows_number=False)
    onward, _ = voice.say("will get a password.", follows_number=True)
    assert loud_s(onward, rate_hz) == pytest.approx(loud_s(alone, rate_hz), abs=0.15)
    word = round(0.5 * rate_hz)
    assert pitch_hz(onward[:word], rate_hz) < 0.95 * pitch_hz(alone[:word], rate_hz)


@pytest.mark.parametrize("spoken", DIGITS)
def test_a_digit_is_whole_and_at_the_pitch_of_a_number(voice: EnglishVoice, spoken: str) -> None:
    tones, rate_hz = voice.say_digit(spoken)
    assert list(tones) == ["plain"]
    assert 0.2 < loud_s(tones["plain"], rate_hz) < 0.7
    assert 145 < pitch_hz(tones["plain"], rate_hz) < 185


def test_what_is_not_one_word_is_no_digit(voice: EnglishVoice) -> None:
    with pytest.raises(VoiceError, match="in 6 parts instead of 3"):
        voice.say_digit("one, two")


def test_a_sentence_is_no_option_of_the_command(voice: EnglishVoice) -> None:
    assert voice.reading("-lv") != ""


@pytest.mark.parametrize("there", [None, "/bin/true"])
def test_without_its_engine_the_voice_says_what_to_install(monkeypatch: pytest.MonkeyPatch, there: Any) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: there)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(VoiceError, match=r"apt-get install flite|flite cannot be run"):
        EnglishVoice(SETTINGS)
