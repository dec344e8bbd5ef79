"""The English voice: flite's slt, through the `flite` command (Debian package flite).

A reading is written in phonemes (those of the CMU pronouncing dictionary, in lower case, `ax` for the schwa), with a
space between two and a comma where the speaker pauses. It does not mark stress.

Digits. Spoken alone, a digit has the pitch of a whole sentence, which starts higher than any word within one. So it is
taken from the middle of a list, where the pitch is level: a number is then read in one tone.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from prompts.building.sound import Samples
from prompts.errors import VoiceError
from prompts.script import VoiceSettings

_COMMAND = "flite"
_VOICE = "slt"
_PAUSE = "pau"
_PLAIN = "plain"
_PATIENCE_S = 60

_Segments = list[tuple[str, float]]  # phonemes, each with the time at which it ends, in seconds


class EnglishVoice:
    """Speaks English sentences and digits.

    Args:
        settings: pace and pitch.

    Raises:
        VoiceError: flite is not installed, or has no voice slt.
    """

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        if shutil.which(_COMMAND) is None:
            raise VoiceError("the English voice needs flite: apt-get install flite")
        if _VOICE not in _run("-lv").split():  # if flite lacks a voice, it speaks with another
            raise VoiceError(f"this flite has no voice {_VOICE!r}: install the flite of Debian")

    @property
    def description(self) -> str:
        """The engine, its version and the voice, for the manifest."""
        version = re.search(r"version: flite-(\S+)", _run("--version", status=1))  # it exits with 1 here
        return f"flite {version.group(1) if version else 'of unknown version'}, voice {_VOICE}"

    def reading(self, sentence: str) -> str:
        """Return how the sentence will be pronounced: its phonemes, with a comma for a pause."""
        return self.phonemes(sentence).replace(f" {_PAUSE}", ",")

    def phonemes(self, sentence: str) -> str:
        """Return the phonemes that are spoken, `pau` for a pause, separated by spaces."""
        return " ".join(_run("-voice", _VOICE, "-ps", "-t", sentence, "-o", "none").split()[1:-1])

    def say(self, sentence: str, *, follows_number: bool) -> tuple[Samples, int]:
        """Speak one sentence.

        Args:
            sentence: the text.
            follows_number: whether it continues a sentence that started with a number, so that its first word goes on
                at the pitch of the number's last digit.

        Returns:
            Samples (full scale 1.0, at the voice's own level) and their rate in Hz.
        """
        if not follows_number:
            samples, rate_hz, _ = self._speak(sentence, self._settings.speed)
            return samples, rate_hz
        samples, rate_hz, segments = self._speak(f"seven, {sentence}", self._settings.speed)
        parts = _between_pauses(samples, rate_hz, segments)
        return np.concatenate(parts[1:]), rate_hz

    def say_digit(self, spoken: str) -> tuple[Mapping[str, Samples], int]:
        """Speak one digit as it sounds within a number.

        Returns:
            The one tone, `plain` -> samples, and their rate in Hz.
        """
        samples, rate_hz, segments = self._speak(f"{spoken}, {spoken}, {spoken}.", self._settings.digit_speed)
        parts = _between_pauses(samples, rate_hz, segments)
        if len(parts) != 3:
            raise VoiceError(f"digit {spoken!r} came out in {len(parts)} parts instead of 3; write it differently")
        return {_PLAIN: parts[1]}, rate_hz

    def _speak(self, text: str, speed: float) -> tuple[Samples, int, _Segments]:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "speech.wav"
            pitch = 2 ** (self._settings.half_tone / 12)
            manner = ("--setf", f"duration_stretch={1 / speed:.4f}", "--setf", f"f0_shift={pitch:.4f}")
            spoken = _run("-voice", _VOICE, *manner, "-psdur", "-t", text, "-o", str(path))
            samples, rate_hz = soundfile.read(path, dtype="float64")
        pairs = (word.split(":") for word in spoken.split())
        return samples, int(rate_hz), [(phoneme, float(end_s)) for phoneme, end_s in pairs]


def _between_pauses(samples: Samples, rate_hz: int, segments: _Segments) -> list[Samples]:
    """Cut speech in the middle of its inner pauses."""
    starts = [0.0, *(end_s for _, end_s in segments)]
    middles = [(start + end) / 2 for start, (phoneme, end) in zip(starts, segments, strict=False) if phoneme == _PAUSE]
    return list(np.split(samples, [round(middle * rate_hz) for middle in middles[1:-1]]))


def _run(*arguments: str, status: int = 0) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and only a catalogue's arguments
            [_COMMAND, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise VoiceError(f"flite cannot be run ({error}); try it by hand: flite -voice {_VOICE} -t hello") from error
    if done.returncode != status:
        raise VoiceError(
            f"flite failed ({done.stderr.strip() or done.returncode}); try it by hand: flite -voice {_VOICE} -t hello"
        )
    return done.stdout
