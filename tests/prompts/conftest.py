"""A small catalogue and a voice made of sine tones: the builder's rules are tested without a real voice."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from prompts.build import build
from prompts.errors import VoiceError
from prompts.script import read_script
from prompts.sound import Samples

RATE_HZ = 48000
TONES = ("rise", "high", "fall", "low", "onward")

SMALL = """
language = "ja"
separator = ""

[voice]
name = "mei"
speed = 1.0
digit_speed = 1.0
half_tone = 0.0
sentence_pause_s = 0.5

[digits]
kana = ["zero", "ichi", "nii", "san", "yon", "goo", "roku", "nana", "hachi", "kyuu"]
onward_tone = "onward"

[digits.groups]
1 = ["fall"]
2 = ["rise", "low"]
3 = ["rise", "fall", "low"]
4 = ["rise", "high", "fall", "low"]

[clips."greet.one"]
text = "hello"
kana = "HELLO"

[clips."greet.two"]
text = '''
hello
again
'''
kana = '''
HELLO
AGAIN
'''

[clips."tail"]
text = "#1"
spoken = "sharp one"
kana = "SHARP ONE"
follows_number = true
"""


class SineVoice:
    """Reads in capitals; every sentence is half a second of tone between silences."""

    description = "sine 1"

    def __init__(self) -> None:
        self.followed_number: list[str] = []

    def reading(self, sentence: str) -> str:
        return sentence if sentence in DIGITS else sentence.upper()

    def phonemes(self, sentence: str) -> str:
        return " ".join(sentence)

    def say(self, sentence: str, *, follows_number: bool) -> tuple[Samples, int]:
        if follows_number:
            self.followed_number.append(sentence)
        return self._tone(500.0 + 10 * len(sentence), 0.1), RATE_HZ

    def say_digit(self, kana: str) -> tuple[Mapping[str, Samples], int]:
        if kana not in DIGITS:
            raise VoiceError(kana)
        digit = DIGITS.index(kana)
        return {tone: self._tone(400.0 + 50 * digit, 0.1 / (1 + n)) for n, tone in enumerate(TONES)}, RATE_HZ

    def _tone(self, frequency_hz: float, amplitude: float) -> Samples:
        time = np.arange(RATE_HZ // 2) / RATE_HZ
        return np.pad(amplitude * np.sin(2 * np.pi * frequency_hz * time), RATE_HZ // 4)


DIGITS = ("zero", "ichi", "nii", "san", "yon", "goo", "roku", "nana", "hachi", "kyuu")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A directory with a small catalogue, not built yet."""
    (tmp_path / "ja.toml").write_text(SMALL, encoding="utf-8")
    return tmp_path


@pytest.fixture
def voice() -> SineVoice:
    return SineVoice()


@pytest.fixture
def built(small: Path, voice: SineVoice) -> Path:
    """The small catalogue with its audio."""
    build(read_script("ja", small), voice, small)
    return small
