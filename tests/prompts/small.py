"""A small catalogue, and a voice made of sine tones, to test the builder's rules without a real voice."""

from collections.abc import Mapping

import numpy as np

from prompts.building.sound import Samples
from prompts.errors import VoiceError
from prompts.purposes import PURPOSES

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
spoken = ["zero", "ichi", "nii", "san", "yon", "goo", "roku", "nana", "hachi", "kyuu"]
reading = ["ZERO", "ICHI", "NII", "SAN", "YON", "GOO", "ROKU", "NANA", "HACHI", "KYUU"]
onward_tone = "onward"

[digits.groups]
1 = ["fall"]
2 = ["rise", "low"]
3 = ["rise", "fall", "low"]
4 = ["rise", "high", "fall", "low"]

[clips."confirm.ask"]
text = "hello"
reading = "HELLO"

[clips."wrong.again"]
text = '''
hello
again
'''
reading = '''
HELLO
AGAIN
'''

[clips."done.set"]
text = "#1"
spoken = "sharp one"
reading = "SHARP ONE"
follows_number = true
""" + "".join(
    f'[clips."{id_}"]\ntext = "well"\n' for id_ in PURPOSES if id_ not in ("confirm.ask", "wrong.again", "done.set")
)


class SineVoice:
    """Its readings are in capitals; every sentence is half a second of tone between silences."""

    description = "sine 1"

    def __init__(self) -> None:
        self.followed_number: list[str] = []

    def reading(self, sentence: str) -> str:
        return sentence.upper()

    def phonemes(self, sentence: str) -> str:
        return " ".join(sentence)

    def say(self, sentence: str, *, follows_number: bool) -> tuple[Samples, int]:
        if follows_number:
            self.followed_number.append(sentence)
        return self._tone(500.0 + 10 * len(sentence), 0.1), RATE_HZ

    def say_digit(self, spoken: str) -> tuple[Mapping[str, Samples], int]:
        if spoken not in DIGITS:
            raise VoiceError(spoken)
        digit = DIGITS.index(spoken)
        return {tone: self._tone(400.0 + 50 * digit, 0.1 / (1 + n / 4)) for n, tone in enumerate(TONES)}, RATE_HZ

    def _tone(self, frequency_hz: float, amplitude: float) -> Samples:
        time = np.arange(RATE_HZ // 2) / RATE_HZ
        return np.pad(amplitude * np.sin(2 * np.pi * frequency_hz * time), RATE_HZ // 4)


DIGITS = ("zero", "ichi", "nii", "san", "yon", "goo", "roku", "nana", "hachi", "kyuu")
