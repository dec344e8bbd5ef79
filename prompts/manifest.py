"""The manifest: which text, pronounced how, became which audio. It stands beside the clips it speaks of.

`manifest.json` is written by the builder and is the only proof that a clip says what the catalogue says: a
changed text, a replaced file or other builder parameters show as a difference.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prompts.errors import ManifestError

_BUILD = "build the audio again (python -m prompts build)"


@dataclass(frozen=True, kw_only=True)
class ManifestEntry:
    """One clip.

    Attributes:
        text: What people read.
        kana: How it is pronounced.
        phonemes: What the voice spoke; one row a sentence.
        samples: Length at 8 kHz.
        sha256: Of the WAV file, in hexadecimal.
    """

    text: str
    kana: str
    phonemes: str
    samples: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All clips of a language, and the parameters that made them from their texts."""

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
    path = audio_directory(directory, manifest.language) / "manifest.json"
    document = dataclasses.asdict(manifest)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_manifest(language: str, directory: Path) -> Manifest:
    """Read the manifest of a language.

    Raises:
        ManifestError: There is none, or it is not one that the builder wrote.
    """
    path = audio_directory(directory, language) / "manifest.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        clips = {id_: ManifestEntry(**entry) for id_, entry in document["clips"].items()}
        return Manifest(**{**document, "clips": clips})
    except FileNotFoundError as error:
        raise ManifestError(f"{path} is missing; {_BUILD}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(f"{path} is not a manifest ({error}); {_BUILD}") from error
