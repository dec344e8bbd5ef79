"""The interface of a voice for the builder, and the voices that there are."""

from collections.abc import Callable, Mapping
from typing import Protocol

from prompts.building.sound import Samples
from prompts.errors import CatalogueError
from prompts.script import VoiceSettings


class Voice(Protocol):
    """The methods of a voice that the builder calls."""

    @property
    def description(self) -> str:
        """The engine and the voice with their versions."""

    def reading(self, sentence: str) -> str:
        """Return how a sentence will be pronounced, in the catalogue's notation."""

    def phonemes(self, sentence: str) -> str:
        """Return the phonemes of a sentence, separated by spaces."""

    def say(self, sentence: str, *, follows_number: bool) -> tuple[Samples, int]:
        """Speak a sentence; return its samples and their rate in Hz."""

    def say_digit(self, spoken: str) -> tuple[Mapping[str, Samples], int]:
        """Speak a digit in every tone; return the samples by tone, and their rate in Hz."""


def open_voice(settings: VoiceSettings | None) -> Voice | None:
    """Return the voice that a catalogue names; None if it names none.

    Raises:
        CatalogueError: there is no voice of that name.
        VoiceError: the voice is not installed.
    """
    if settings is None:
        return None
    voices: dict[str, Callable[[VoiceSettings], Voice]] = {"mei": _mei, "slt": _slt}
    if settings.name not in voices:
        raise CatalogueError(f"no voice {settings.name!r}; set voice.name to one of: {', '.join(voices)}")
    return voices[settings.name](settings)


def _mei(settings: VoiceSettings) -> Voice:
    from prompts.building.voice_ja import JapaneseVoice

    return JapaneseVoice(settings)


def _slt(settings: VoiceSettings) -> Voice:
    from prompts.building.voice_en import EnglishVoice

    return EnglishVoice(settings)
