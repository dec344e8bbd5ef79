"""Writes a catalogue in a form that an operator can edit: the wording, a WAV for each clip, and what each is for."""

import shutil
from pathlib import Path

from prompts.catalogue import load_catalogue
from prompts.errors import ReplacementError
from prompts.manifest import MANIFEST, audio_directory
from prompts.purposes import purpose
from sound.telephone import SAMPLE_RATE_HZ

README = "README.txt"

_HEADER = """\
The guidance of the access number, language {language}. To change it, change these files, then:

    ivr prompts import {directory}

Wording: change `text` in {language}.toml, and also `spoken` and `reading` if they are there (you may remove `reading`:
then nobody checks how the voice pronounces it). The voice speaks the line again.

Recordings: put your own in place of a WAV, under the same name. WAV, FLAC and most other formats will do, at 8 to 192
kHz, mono or stereo, up to 60 s; the import corrects rate, level and silence at the ends. Write into `text` what the
recording says. If you remove a WAV, the voice speaks that line.

Another language: name the .toml file and `language` in it after the language, remove the table [voice], record
every clip and import the directory.

The import takes all or nothing, and leaves this directory as it is: keep it, to change more another day. Leave
manifest.json as it is: it shows the import what you changed. A service plays the new guidance after its next start. To
go back to the guidance of the product, remove `{language}` from the directory of the settings (KARIPASS_PROMPTS_DIR; if
that is not set, `prompts` in KARIPASS_STATE_DIR).

"""


def export(language: str, directory: Path, target: Path) -> None:
    """Write a catalogue into a separate directory.

    Args:
        language: the language tag.
        directory: where the catalogue is.
        target: the new directory, created if missing; it must be empty.

    Raises:
        PromptError: the catalogue has faults, or the target contains files or cannot be written.
    """
    catalogue = load_catalogue(language, directory)
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise ReplacementError(f"{target} is not empty; name a new directory, so that nothing is overwritten")
        shutil.copyfile(directory / f"{language}.toml", target / f"{language}.toml")
        for id_ in catalogue.ids:
            name = f"{id_}.wav"
            shutil.copyfile(audio_directory(directory, language) / name, target / name)
        shutil.copyfile(audio_directory(directory, language) / MANIFEST, target / MANIFEST)
        rows = [
            f"{id_}.wav  {len(catalogue.clip(id_)) / SAMPLE_RATE_HZ:.1f} s, {purpose(id_)}\n    {catalogue.text(id_)}\n"
            for id_ in catalogue.ids
        ]
        header = _HEADER.format(language=language, directory=target)
        (target / README).write_text(header + "".join(rows), encoding="utf-8")
    except OSError as error:
        raise ReplacementError(f"{error.filename} cannot be written ({error.strerror}); name another place") from error
