"""The guidance of one language, ready to be played: clips by id, with their texts."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prompts.errors import CatalogueError, ClipError, ManifestError
from prompts.manifest import MANIFEST, Manifest, audio_directory, digest, read_manifest
from prompts.purposes import missing
from prompts.script import Line, Script, digit_id, read_script
from prompts.wav import decode

HERE = Path(__file__).parent


class Catalogue:
    """Clips and their texts; immutable, so that all calls of a process share one.

    `load_catalogue` makes it.
    """

    def __init__(self, script: Script, clips: Mapping[str, NDArray[np.int16]]) -> None:
        self._script = script
        self._clips = dict(clips)

    def __repr__(self) -> str:
        return f"<Catalogue {self.language}: {len(self._clips)} clips>"

    @property
    def language(self) -> str:
        """The language tag, such as ja."""
        return self._script.language

    @property
    def separator(self) -> str:
        """The text between two clips in a transcript."""
        return self._script.separator

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all clips in the catalogue's order, the digits last."""
        return tuple(self._clips)

    def clip(self, id_: str) -> NDArray[np.int16]:
        """Return a clip's audio: int16, 8 kHz, shape (n,), read-only.

        Raises:
            ClipError: the catalogue has no such id.
        """
        self._line(id_)
        return self._clips[id_]

    def text(self, id_: str) -> str:
        """Return what a clip says, for people to read, on one line.

        Raises:
            ClipError: the catalogue has no such id.
        """
        return self.separator.join(self._line(id_).text.splitlines())

    def follows_number(self, id_: str) -> bool:
        """Return whether a clip continues a sentence that started with a number.

        Raises:
            ClipError: the catalogue has no such id.
        """
        return self._line(id_).follows_number

    def digit_ids(self, group: str, *, goes_on: bool = False) -> tuple[str, ...]:
        """Return the clips that read one group of a number, such as "6304".

        Args:
            group: 1 to 4 digits.
            goes_on: whether the number ends with this group and the sentence goes on after it.

        Raises:
            ClipError: `group` is not 1 to 4 digits.
        """
        reading = self._script.digits
        if len(group) not in reading.groups or not (group.isascii() and group.isdigit()):
            raise ClipError(f"a group of {len(group)} characters cannot be read out; give 1 to 4 digits 0-9")
        tones = list(reading.groups[len(group)])
        if goes_on:
            tones[-1] = reading.onward_tone
        return tuple(digit_id(digit, tone) for digit, tone in zip(group, tones, strict=True))

    def _line(self, id_: str) -> Line:
        try:
            return self._script.lines[id_]
        except KeyError:
            raise ClipError(
                f"the {self.language} catalogue has no clip {id_!r}; add it to {self.language}.toml and build"
            ) from None


def load_catalogue(language: str = "ja", directory: Path | None = None) -> Catalogue:
    """Load the guidance of a language, and check that text, manifest and audio belong together.

    Args:
        language: the language tag; `<directory>/<language>.toml` and `<directory>/audio/<language>/` are read.
        directory: where the catalogues are; by default those of the product.

    Raises:
        UnknownLanguageError: there is no catalogue of that language.
        CatalogueError: the catalogue file is wrong, or lacks a clip that calls need.
        ManifestError: the manifest is missing, or describes another text.
        ClipError: a clip is missing, is not 8 kHz mono 16 bit PCM, or is not the one in the manifest.
    """
    directory = HERE if directory is None else directory
    script = read_script(language, directory)
    if lacks := missing(script):
        raise CatalogueError("\n".join(lacks))
    manifest = read_manifest(language, directory)
    return Catalogue(script, {id_: load_clip(line, manifest, directory) for id_, line in script.lines.items()})


def load_clip(line: Line, manifest: Manifest, directory: Path) -> NDArray[np.int16]:
    """Load one clip, and check that it says its line.

    Raises:
        ManifestError: the manifest describes another text.
        ClipError: the clip is missing, is not 8 kHz mono 16 bit PCM, or is not the one in the manifest.
    """
    folder = audio_directory(directory, manifest.language)
    path = folder / f"{line.id}.wav"
    build = f"ivr prompts build --language {manifest.language}"
    entry = manifest.clips.get(line.id)
    if entry is None or not entry.says(line):
        raise ManifestError(f"clip {line.id!r}: text and {folder / MANIFEST} differ; build the audio again ({build})")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ClipError(f"{path} cannot be read ({error.strerror}); restore it or {build}") from error
    samples = decode(content, path)
    if digest(content) != entry.sha256:
        raise ClipError(f"{path} is not the file that the manifest describes; restore it or {build}")
    return samples
