"""The manifest: which text, pronounced how, became which audio. It lies beside the clips that it describes.

The builder and `ivr prompts import` write `manifest.json`. It is the only proof that a clip says what the catalogue
says: a changed text, a replaced file or other builder parameters show as a difference.
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
"""The file name of a manifest."""

_BUILD = "build the audio again (ivr prompts build)"


class Source(StrEnum):
    """The origin of a clip."""

    VOICE = "voice"
    RECORDING = "recording"


@dataclass(frozen=True, kw_only=True)
class ManifestEntry:
    """The manifest's entry for one clip.

    Attributes:
        text: what people read.
        spoken: what the voice was given.
        follows_number: whether it continues a sentence that started with a number.
        reading: how it is pronounced; None if the catalogue does not say.
        phonemes: what the voice spoke, one row a sentence; "" for a recording.
        samples: its length in samples at 8 kHz.
        sha256: the digest of the WAV file, in hexadecimal.
        source: where the clip comes from.
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
        """Return whether the clip says this line. How a recording pronounces it is left to its speaker."""
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
        language: the language tag.
        voice: the engine and the voice with their versions; "" if every clip is a recording.
        parameters: everything besides the texts that shapes the audio.
        clips: the clips' entries by id.
    """

    language: str
    voice: str
    parameters: Mapping[str, object]
    clips: Mapping[str, ManifestEntry]


def audio_directory(directory: Path, language: str) -> Path:
    """Return the directory of a language's clips."""
    return directory / "audio" / language


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes, in the form of the manifest."""
    return hashlib.sha256(content).hexdigest()


def write_manifest(manifest: Manifest, directory: Path) -> None:
    """Write the manifest beside its clips. The same manifest gives the same bytes."""
    path = audio_directory(directory, manifest.language) / MANIFEST
    document = dataclasses.asdict(manifest)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_manifest(language: str, directory: Path) -> Manifest:
    """Read the manifest of a language.

    Raises:
        ManifestError: there is no manifest, or the builder did not write it.
    """
    return read_manifest_file(audio_directory(directory, language) / MANIFEST)


def read_manifest_file(path: Path) -> Manifest:
    """Read a manifest, which need not lie beside its clips.

    Raises:
        ManifestError: there is no manifest, or the builder did not write it.
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
