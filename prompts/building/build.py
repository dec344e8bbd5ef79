"""Makes the clips of a language from its script, and the manifest that ties the two together.

Recordings by people stay as they are; the voice speaks the other lines.
"""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prompts.building import sound
from prompts.building.sound import Samples
from prompts.building.voices import Voice
from prompts.errors import CatalogueError, ClipError, VoiceError
from prompts.manifest import (
    MANIFEST,
    Manifest,
    ManifestEntry,
    Source,
    audio_directory,
    digest,
    read_manifest,
    write_manifest,
)
from prompts.script import Line, Script
from prompts.wav import encode
from sound.samples import to_int16


@dataclass(frozen=True)
class Clip:
    """A clip to store.

    Attributes:
        content: the bytes of its WAV file.
        entry: its entry in the manifest.
    """

    content: bytes
    entry: ManifestEntry


def build(script: Script, voice: Voice | None, directory: Path) -> Manifest:
    """Speak every line that nobody recorded, write clips and manifest, and remove clips that no line needs.

    The same script and voice give the same bytes.

    Raises:
        VoiceError: a line would not be pronounced as its reading says, or there is no voice for it; then nothing is
            written.
        ClipError: a clip cannot be written.
    """
    recorded = _recorded(script, directory)
    spoken = speak(script, voice, script.lines.keys() - recorded.keys())
    try:
        return write(script, {**recorded, **spoken}, directory, voice="" if voice is None else voice.description)
    except OSError as error:
        raise ClipError(
            f"{error.filename} cannot be written ({error.strerror}); correct its rights, or change a copy of your own "
            "(ivr prompts export, ivr prompts import)"
        ) from error


def speak(script: Script, voice: Voice | None, ids: Collection[str]) -> dict[str, Clip]:
    """Let the voice speak some of the lines.

    Raises:
        VoiceError: a line would not be pronounced as its reading says, or there is no voice.
    """
    if not ids:
        return {}
    if voice is None:
        raise VoiceError(
            f"{script.language}.toml names no voice for {', '.join(sorted(ids))}; record them, or add a table [voice]"
        )
    if misread := misreadings(script, voice, ids):
        raise VoiceError("\n".join(misread))
    return {
        id_: clip_of(script.lines[id_], to_int16(samples), phonemes=phonemes(script.lines[id_], voice))
        for id_, samples in _speak(script, voice, ids).items()
    }


def clip_of(line: Line, samples: NDArray[np.int16], *, phonemes: str | None = None) -> Clip:
    """Make the clip of a line.

    Args:
        line: what the clip says.
        samples: its audio: int16, 8 kHz, shape (n,).
        phonemes: what the voice spoke; None for a recording.
    """
    content = encode(samples)
    entry = ManifestEntry(
        text=line.text,
        spoken=line.spoken,
        follows_number=line.follows_number,
        reading=line.reading,
        phonemes=phonemes or "",
        samples=len(samples),
        sha256=digest(content),
        source=Source.RECORDING if phonemes is None else Source.VOICE,
    )
    return Clip(content, entry)


def write(script: Script, clips: Mapping[str, Clip], directory: Path, *, voice: str) -> Manifest:
    """Write the clips of a script and their manifest, and remove clips that no line needs.

    Args:
        script: the catalogue.
        clips: a clip for each of its lines.
        directory: where the catalogue is.
        voice: the voice's description; "" if there was none.
    """
    target = audio_directory(directory, script.language)
    target.mkdir(parents=True, exist_ok=True)
    for stale in set(target.glob("*.wav")) - {target / f"{id_}.wav" for id_ in clips}:
        stale.unlink()
    for id_, clip in clips.items():
        (target / f"{id_}.wav").write_bytes(clip.content)
    manifest = Manifest(
        language=script.language,
        voice=voice,
        parameters=parameters(script),
        clips={id_: clips[id_].entry for id_ in script.lines},
    )
    write_manifest(manifest, directory)
    return manifest


def parameters(script: Script) -> dict[str, object]:
    """Return everything besides the texts that shapes the audio, in the form of the manifest."""
    voice = script.voice
    return {
        **({} if voice is None else dataclasses.asdict(dataclasses.replace(voice, accents=dict(voice.accents)))),
        "band_hz": list(sound.BAND_HZ),
        "presence_db": sound.PRESENCE_DB,
        "active_level_dbfs": sound.ACTIVE_LEVEL_DBFS,
        "peak_dbfs": sound.PEAK_DBFS,
        "edge_silence_s": sound.EDGE_SILENCE_S,
        "fade_s": sound.FADE_S,
    }


def misreadings(script: Script, voice: Voice, ids: Collection[str]) -> list[str]:
    """Return a message for every sentence of these lines that the voice would not pronounce as the catalogue says."""
    found = []
    for line in script.lines.values():
        if line.id not in ids or line.reading is None:
            continue
        for sentence, expected in zip(line.spoken.splitlines(), line.reading.splitlines(), strict=True):
            heard = voice.reading(sentence)
            if heard != expected:
                found.append(
                    f"{line.id}: {sentence!r} is read {heard!r}, not {expected!r}; give the voice another spelling "
                    "in `spoken`, or correct `reading`, or remove it to accept the voice's"
                )
    return found


def phonemes(line: Line, voice: Voice) -> str:
    """Return the phonemes that the voice speaks for a line, one row a sentence."""
    return "\n".join(voice.phonemes(sentence) for sentence in line.spoken.splitlines())


def _recorded(script: Script, directory: Path) -> dict[str, Clip]:
    """Return the stored recordings that say what the lines say."""
    folder = audio_directory(directory, script.language)
    if not (folder / MANIFEST).exists():
        return {}
    entries = read_manifest(script.language, directory).clips
    return {
        id_: Clip((folder / f"{id_}.wav").read_bytes(), entry)
        for id_, entry in entries.items()
        if entry.source is Source.RECORDING and id_ in script.lines and entry.says(script.lines[id_])
    }


def _speak(script: Script, voice: Voice, ids: Collection[str]) -> dict[str, Samples]:
    lines = [line for line in script.lines.values() if line.id in ids]
    pause_s = 0.0 if script.voice is None else script.voice.sentence_pause_s
    clips = {line.id: _say(line, pause_s, voice) for line in lines if line.digit is None}
    for digit, spoken in enumerate(script.digits.spoken):
        wanted = [line for line in lines if line.digit == digit]
        if not wanted:
            continue
        tones, rate_hz = voice.say_digit(spoken)
        on_line = {tone: sound.to_line(samples, rate_hz) for tone, samples in tones.items()}
        # one gain for all tones of a digit: the low ones must stay softer than the high ones
        gain = sound.gain_to_nominal(np.concatenate(list(on_line.values())))
        for line in wanted:
            if line.tone not in on_line:
                raise CatalogueError(f"the voice has no tone {line.tone!r}; it has {sorted(on_line)}")
            clips[line.id] = sound.finish(gain * on_line[line.tone])
    return clips


def _say(line: Line, pause_s: float, voice: Voice) -> Samples:
    parts: list[Samples] = []
    for place, sentence in enumerate(line.spoken.splitlines()):
        samples, rate_hz = voice.say(sentence, follows_number=line.follows_number and place == 0)
        on_line = sound.to_line(samples, rate_hz)
        if parts:
            parts.append(np.zeros(sound.silence_samples(pause_s)))
        parts.append(sound.finish(sound.gain_to_nominal(on_line) * on_line))
    return np.concatenate(parts)
