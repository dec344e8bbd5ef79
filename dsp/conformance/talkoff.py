"""Talk-off: speech that a receiver takes for keys.

Speech files are scaled to one level and played at several speeds, which moves all frequencies, so that one voice stands
for many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from scipy.signal import resample_poly

from dsp.audio import read_audio, to_8k
from dsp.conformance.receivers import MeasuredReceiver
from dsp.conformance.signals import Samples
from dsp.errors import AudioError
from dsp.tones import amplitude_of
from sound.samples import to_int16
from sound.telephone import SAMPLE_RATE_HZ

PITCHES: Final = (0.76, 0.80, 0.84, 0.88, 0.92, 0.96, 1.00, 1.05, 1.10, 1.15, 1.20, 1.25, 1.30)
LEVEL_DBM0: Final = -15.0
PAUSE_S: Final = 0.2
BATCH_S: Final = 600.0
SUFFIXES: Final = {".wav", ".gsm", ".flac", ".ogg", ".au", ".aiff"}


@dataclass(frozen=True, slots=True)
class SpeechResult:
    """The result of one receiver on all files at one pitch shift.

    Attributes:
        receiver: its name.
        pitch: the factor of all frequencies.
        hours: hours of speech.
        keys: the keys that it took speech for.
    """

    receiver: str
    pitch: float
    hours: float
    keys: str


def speech_files(paths: Sequence[Path]) -> list[Path]:
    """Return these files, and all audio files in these folders."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
        else:
            found.append(path)
    return found


def run_speech(
    receivers: Sequence[MeasuredReceiver],
    files: Sequence[Path],
    *,
    pitches: Sequence[float] = PITCHES,
    level_dbm0: float = LEVEL_DBM0,
    progress: Callable[[], None] = lambda: None,
) -> list[SpeechResult]:
    """Return the keys that receivers hear in speech at this level (root mean square), at all pitch shifts.

    Raises:
        AudioError: a file is not audio.
    """
    hours = dict.fromkeys(pitches, 0.0)
    keys = {(receiver.name, pitch): "" for receiver in receivers for pitch in pitches}
    for batch in _batches(files, level_dbm0, progress):
        for pitch in pitches:
            ratio = Fraction(pitch).limit_denominator(100)
            shifted = batch if ratio == 1 else resample_poly(batch, ratio.denominator, ratio.numerator)
            samples = to_int16(shifted)
            hours[pitch] += samples.size / SAMPLE_RATE_HZ / 3600
            for receiver in receivers:
                keys[receiver.name, pitch] += receiver.decode(samples)
    return [
        SpeechResult(receiver.name, pitch, hours[pitch], keys[receiver.name, pitch])
        for receiver in receivers
        for pitch in pitches
    ]


def _batches(files: Sequence[Path], level_dbm0: float, progress: Callable[[], None]) -> Iterator[Samples]:
    parts: list[Samples] = []
    held = 0
    for file in files:
        speech = _read(file)
        level = float(np.sqrt(np.mean(speech**2))) if speech.size else 0.0
        if level > 0:
            parts += [speech * (amplitude_of(level_dbm0) / np.sqrt(2) / level), np.zeros(int(PAUSE_S * SAMPLE_RATE_HZ))]
            held += speech.size
        progress()
        if held > BATCH_S * SAMPLE_RATE_HZ:
            yield np.concatenate(parts)
            parts, held = [], 0
    if parts:
        yield np.concatenate(parts)


def _read(file: Path) -> Samples:
    if file.suffix.lower() == ".gsm":  # raw GSM 06.10 frames, as in Asterisk's prompts
        try:
            raw, rate = soundfile.read(str(file), samplerate=SAMPLE_RATE_HZ, channels=1, format="RAW", subtype="GSM610")
        except (soundfile.SoundFileError, OSError) as error:
            raise AudioError(f"{file}: not GSM 06.10 frames ({error})") from error
    else:
        raw, rate = read_audio(file)
    out: Samples = np.asarray(to_8k(np.asarray(raw), rate), np.float64)
    return out
