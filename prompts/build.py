"""Makes the clips of a language from its script, and the manifest that ties the two together."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from prompts import sound
from prompts.errors import CatalogueError, VoiceError
from prompts.manifest import Manifest, ManifestEntry, audio_directory, digest, write_manifest
from prompts.script import Line, Script, VoiceSettings
from prompts.sound import Samples
from prompts.wav import encode


class Voice(Protocol):
    """What the builder needs of a voice."""

    @property
    def description(self) -> str:
        """Engine and voice with their versions."""

    def reading(self, sentence: str) -> str:
        """How a sentence will be pronounced, in the catalogue's notation."""

    def phonemes(self, sentence: str) -> str:
        """The phonemes of a sentence, separated by spaces."""

    def say(self, sentence: str, *, follows_number: bool) -> tuple[Samples, int]:
        """Speak a sentence: samples and their rate in Hz."""

    def say_digit(self, kana: str) -> tuple[Mapping[str, Samples], int]:
        """Speak a digit in every tone: samples by tone, and their rate in Hz."""


def open_voice(settings: VoiceSettings) -> Voice:
    """The voice that a catalogue asks for.

    Raises:
        CatalogueError: There is no voice of that name.
        VoiceError: It is not installed.
    """
    voices: dict[str, Callable[[VoiceSettings], Voice]] = {"mei": _mei}
    if settings.name not in voices:
        raise CatalogueError(f"no voice {settings.name!r}; set voice.name to one of: {', '.join(voices)}")
    return voices[settings.name](settings)


def build(script: Script, voice: Voice, directory: Path) -> Manifest:
    """Speak every line, write the clips and the manifest, and remove clips that no line asks for.

    The same script and voice give the same bytes.

    Raises:
        VoiceError: A line would be pronounced otherwise than its kana says; nothing is written then.
    """
    if misread := misreadings(script, voice):
        raise VoiceError("\n".join(misread))
    files = {id_: encode(sound.to_pcm(clip)) for id_, clip in _speak(script, voice).items()}
    target = audio_directory(directory, script.language)
    target.mkdir(parents=True, exist_ok=True)
    for stale in set(target.glob("*.wav")) - {target / f"{id_}.wav" for id_ in files}:
        stale.unlink()
    for id_, content in files.items():
        (target / f"{id_}.wav").write_bytes(content)
    manifest = Manifest(
        language=script.language,
        voice=voice.description,
        parameters=parameters(script),
        clips={id_: _entry(script.lines[id_], voice, content) for id_, content in files.items()},
    )
    write_manifest(manifest, directory)
    return manifest


def parameters(script: Script) -> dict[str, object]:
    """Everything besides the texts that shapes the audio, as it stands in the manifest."""
    settings = dataclasses.asdict(dataclasses.replace(script.voice, accents=dict(script.voice.accents)))
    return {
        **settings,
        "band_hz": list(sound.BAND_HZ),
        "presence_db": sound.PRESENCE_DB,
        "active_level_dbfs": sound.ACTIVE_LEVEL_DBFS,
        "peak_dbfs": sound.PEAK_DBFS,
        "edge_silence_s": sound.EDGE_SILENCE_S,
        "fade_s": sound.FADE_S,
    }


def misreadings(script: Script, voice: Voice) -> list[str]:
    """One message for every sentence that the voice would not pronounce as the catalogue says."""
    found = []
    for line in script.lines.values():
        for sentence, expected in zip(line.spoken.splitlines(), line.kana.splitlines(), strict=True):
            heard = voice.reading(sentence)
            if line.digit is not None:
                heard = heard.replace("'", "")  # a digit's pitch is its tone's
            if heard != expected:
                found.append(
                    f"{line.id}: {sentence!r} is read {heard!r}, not {expected!r}; "
                    "give the voice another spelling in `spoken` or correct `kana`"
                )
    return found


def phonemes(line: Line, voice: Voice) -> str:
    """What the voice speaks for a line, one row a sentence."""
    return "\n".join(voice.phonemes(sentence) for sentence in line.spoken.splitlines())


def _speak(script: Script, voice: Voice) -> dict[str, Samples]:
    clips = {line.id: _say(line, script, voice) for line in script.lines.values() if line.digit is None}
    for kana in script.digits.kana:
        tones, rate_hz = voice.say_digit(kana)
        on_line = {tone: sound.to_line(samples, rate_hz) for tone, samples in tones.items()}
        # one gain for all tones of a digit: the low ones belong softer than the high ones
        gain = sound.gain_to_nominal(np.concatenate(list(on_line.values())))
        for line in script.lines.values():
            if line.digit is not None and line.kana == kana:
                if line.tone not in on_line:
                    raise CatalogueError(f"the voice has no tone {line.tone!r}; it has {sorted(on_line)}")
                clips[line.id] = sound.finish(gain * on_line[line.tone])
    return clips


def _say(line: Line, script: Script, voice: Voice) -> Samples:
    parts: list[Samples] = []
    for place, sentence in enumerate(line.spoken.splitlines()):
        samples, rate_hz = voice.say(sentence, follows_number=line.follows_number and place == 0)
        on_line = sound.to_line(samples, rate_hz)
        if parts:
            parts.append(np.zeros(sound.silence_samples(script.voice.sentence_pause_s)))
        parts.append(sound.finish(sound.gain_to_nominal(on_line) * on_line))
    return np.concatenate(parts)


def _entry(line: Line, voice: Voice, content: bytes) -> ManifestEntry:
    return ManifestEntry(
        text=line.text,
        kana=line.kana,
        phonemes=phonemes(line, voice),
        samples=(len(content) - len(encode(np.zeros(0, dtype=np.int16)))) // 2,
        sha256=digest(content),
    )


def _mei(settings: VoiceSettings) -> Voice:
    from prompts.voice_ja import JapaneseVoice

    return JapaneseVoice(settings)
