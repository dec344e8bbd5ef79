"""The manifest: which text, pronounced how, became which audio. It stands beside the clips it speaks of.

`manifest.json` is written by the builder and by `ivr prompts import`, and is the only proof that a clip says what
the catalogue says: a changed text, a replaced file or other builder parameters show as a difference.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from prompts.errors import ManifestError
from prompts.script import Line

MANIFEST = "manifest.json"
"""Its name."""

_BUILD = "build the audio again (ivr prompts build)"


class Source(StrEnum):
    """Where a clip comes from."""

    VOICE = "voice"
    RECORDING = "recording"


@dataclass(frozen=True, kw_only=True)
class ManifestEntry:
    """One clip.

    Attributes:
        text: What people read.
        spoken: What the voice was given.
        follows_number: Whether it goes on with the sentence that a number began.
        reading: How it is pronounced; None if the catalogue does not say.
        phonemes: What the voice spoke, one row a sentence; empty for a recording.
        samples: Length at 8 kHz.
        sha256: Of the WAV file, in hexadecimal.
    """

    text: str
    spoken: str
    follows_number: bool
    reading: str | None
    phonemes: str
    samples: int
    sha256: str
    source: Source

    def says(self, line: Line) -> bool:
        """Whether the clip says this line; how a recording pronounces it is its speaker's affair."""
        if self.source is Source.RECORDING:
            return self.text == line.text
        return (self.text, self.spoken, self.follows_number, self.reading) == (
            line.text,
            line.spoken,
            line.follows_number,
            line.reading,
        )


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All clips of a language, and the parameters that made them from their texts.

    Attributes:
        language: Language tag.
        voice: Engine and voice with their versions; empty if every clip is a recording.
        parameters: Everything besides the texts that shapes the audio.
        clips: By id.
    """

    language: str
    voice: str
    parameters: Mapping[str, object]
    clips: Mapping[str, ManifestEntry]


def audio_directory(directory: Path, language: str) -> Path:
    """Where the clips of a language are."""
    return directory / "audio" / language


def digest(content: bytes) -> str:
    """The SHA-256 of a file's bytes, as the manifest has it."""
    return hashlib.sha256(content).hexdigest()


def write_manifest(manifest: Manifest, directory: Path) -> None:
    """Write the manifest beside the clips; the same manifest gives the same bytes."""
    path = audio_directory(directory, manifest.language) / MANIFEST
    document = dataclasses.asdict(manifest)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_manifest(language: str, directory: Path) -> Manifest:
    """Read the manifest of a language.

    Raises:
        ManifestError: There is none, or it is not one that the builder wrote.
    """
    return read_manifest_file(audio_directory(directory, language) / MANIFEST)


def read_manifest_file(path: Path) -> Manifest:
    """Read a manifest that may be elsewhere than beside its clips.

    Raises:
        ManifestError: There is none, or it is not one that the builder wrote.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        clips = {
            id_: ManifestEntry(**{**entry, "source": Source(entry["source"])})
            for id_, entry in document["clips"].items()
        }
        return Manifest(**{**document, "clips": clips})
    except FileNotFoundError as error:
        raise ManifestError(f"{path} is missing; {_BUILD}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(f"{path} is not a manifest ({error}); remove it and {_BUILD}") from error
