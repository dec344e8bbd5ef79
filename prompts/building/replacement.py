"""Imports an operator's catalogue (wording and recordings) in place of the present one.

The files have the form that `prompts.building.export` writes: `<language>.toml`, and an audio file for each clip, named
by its id. There are three cases for each line:

- The audio is the clip that was exported (`manifest.json` shows that), and still says the line: it stays.
- The audio is another file: it is a recording.
- The audio is missing, or is the voice's clip of a line that was changed: the voice speaks the line.

So an import depends only on its directory, which can be changed and imported again and again.
"""

import contextlib
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prompts.building.build import Clip, clip_of, parameters, speak, write
from prompts.building.check import check
from prompts.building.export import README
from prompts.building.recording import read_recording
from prompts.building.voices import open_voice
from prompts.catalogue import HERE
from prompts.errors import ClipError, ManifestError, ReplacementError, VoiceError
from prompts.homes import home, languages, new_home
from prompts.manifest import MANIFEST, Manifest, Source, digest, read_manifest, read_manifest_file
from prompts.purposes import missing, superfluous
from prompts.script import Line, Script, read_script

LARGEST_RECORDING: Final = 2 * 60 * 48_000 * 2 * 3
"""The largest audio file that is read, in octets: two minutes of a studio's 48 kHz, stereo, 24 bit.

That is twice as long as a clip may last, so that the error for a usual format names its length and not its size.
"""
LARGEST_TEXT: Final = 1_000_000
"""The largest catalogue file or manifest that is read, in octets; the product's own have some 10,000."""


@dataclass(frozen=True)
class Replacement:
    """The result of an import.

    Attributes:
        language: the language of the catalogue.
        recorded: the ids of the clips that were made from recordings.
        spoken: the ids of the clips that the voice spoke.
        kept: how many clips stayed.
    """

    language: str
    recorded: tuple[str, ...]
    spoken: tuple[str, ...]
    kept: int


@dataclass
class _Plan:
    """The plan of an import: what it will do with each line, and what is wrong."""

    kept: dict[str, Clip] = field(default_factory=dict)
    recorded: dict[str, Clip] = field(default_factory=dict)
    to_speak: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def import_catalogue(source: Path, own: Path, language: str | None = None) -> Replacement:
    """Check an operator's catalogue, build what is missing, and put it in place of the present one.

    The old catalogue stays until everything is written and checked.

    Args:
        source: a directory with `<language>.toml` and audio files named by clip ids.
        own: the operator's directory; created if missing.
        language: the language tag; by default that of the only catalogue file in the source.

    Raises:
        ReplacementError: the source has faults (a line for each), or the catalogue cannot be written.
        PromptError: the catalogue file cannot be read.
    """
    if not source.is_dir():
        raise ReplacementError(f"there is no directory {source}: name the one that `ivr prompts export` wrote")
    language = _only_language(source) if language is None else language
    _require_texts(language, source)
    script = read_script(language, source)
    exported = _exported(language, source)
    plan = _planned(script, source, exported, _clips_of_voices(own))
    plan.findings += [*missing(script), *superfluous(script)]
    spoken, description = _spoken(script, plan)
    if plan.findings:
        raise ReplacementError("\n".join(plan.findings))
    if description is None:
        description = "" if exported is None else exported.voice
    try:
        with new_home(language, own) as draft:
            shutil.copyfile(source / f"{language}.toml", draft / f"{language}.toml")
            write(script, {**plan.kept, **plan.recorded, **spoken}, draft, voice=description)
            if findings := check(language, draft, voice=None):
                raise ReplacementError("\n".join(findings))
    except OSError as error:
        raise ReplacementError(f"{error.filename} cannot be written ({error.strerror}); check {own}") from error
    return Replacement(language, tuple(plan.recorded), tuple(spoken), len(plan.kept))


def _only_language(source: Path) -> str:
    found = sorted(path.stem for path in source.glob("*.toml"))
    if len(found) != 1:
        raise ReplacementError(f"{source} has {len(found)} catalogue files (*.toml); leave one, or give --language")
    return found[0]


def _require_texts(language: str, source: Path) -> None:
    there = [path for path in (source / f"{language}.toml", source / MANIFEST) if path.exists()]
    wrong = [fault for path in there if (fault := _fault_of_file(path, LARGEST_TEXT, "Shorten it"))]
    if wrong:
        raise ReplacementError("\n".join(wrong))


def _fault_of_file(path: Path, largest: int, remedy: str) -> str | None:
    """Return why a file must not be read; None if it may.

    The file is not opened for this: a pipe would never end, and a huge file would fill the memory.

    Args:
        path: the file, or a link to it.
        largest: how many octets it may have.
        remedy: what to do with a larger file.
    """
    try:
        found = path.stat()
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}); put a file there, or remove it"
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is not a file but {_kind(found.st_mode)}; put a file there, or remove it"
    if found.st_size > largest:
        return (
            f"{path} has {found.st_size:,} octets, more than {largest:,}; is it the right one? {remedy}, or remove it"
        )
    return None


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    return "a named pipe" if stat.S_ISFIFO(mode) else "a device or socket"


def _exported(language: str, source: Path) -> Manifest | None:
    """Return the manifest of the exported clips; None if it is missing or of another language."""
    path = source / MANIFEST
    manifest = read_manifest_file(path) if path.exists() else None
    return manifest if manifest is not None and manifest.language == language else None


def _clips_of_voices(own: Path) -> Mapping[str, str]:
    """Return the languages of all clips that voices spoke, by digest: an exported clip is not a recording."""
    found: dict[str, str] = {}
    places = [(language, HERE) for language in languages()] + [(each, home(each, own)) for each in languages(own)]
    for language, place in places:
        with contextlib.suppress(ManifestError):  # a damaged catalogue must not prevent the import that mends it
            clips = read_manifest(language, place).clips.values()
            found |= {entry.sha256: language for entry in clips if entry.source is Source.VOICE}
    return found


def _planned(script: Script, source: Path, exported: Manifest | None, voices: Mapping[str, str]) -> _Plan:
    plan = _Plan()
    files = _audio_files(script, source, plan)
    for line in script.lines.values():
        try:
            _plan_line(plan, line, files.get(line.id), exported, voices)
        except ClipError as error:
            plan.findings += str(error).splitlines()
    if exported is not None and not _same_voice(script, exported):
        spoken = [id_ for id_, clip in plan.kept.items() if clip.entry.source is Source.VOICE]
        plan.to_speak += spoken
        plan.kept = {id_: clip for id_, clip in plan.kept.items() if id_ not in spoken}
    return plan


def _plan_line(
    plan: _Plan, line: Line, file: Path | None, exported: Manifest | None, voices: Mapping[str, str]
) -> None:
    if file is None:
        plan.to_speak.append(line.id)
        return
    if fault := _fault_of_file(file, LARGEST_RECORDING, "Shorten it, lower its rate"):
        raise ClipError(fault)
    content = file.read_bytes()
    entry = None if exported is None else exported.clips.get(line.id)
    if entry is not None and entry.sha256 == digest(content):
        if entry.says(line):
            plan.kept[line.id] = Clip(content, entry)
        elif entry.source is Source.VOICE:
            plan.to_speak.append(line.id)
        else:
            plan.findings.append(
                f"{file} is the recording of the old wording of {line.id!r}; "
                "record the new one, or remove the file to have it spoken by the voice"
            )
    elif language := voices.get(digest(content)):
        plan.findings.append(
            f"{file} is what the voice of language {language} says, not a recording; "
            "record it, or remove the file to have it spoken by the voice"
        )
    else:
        plan.recorded[line.id] = clip_of(line, read_recording(file))


def _audio_files(script: Script, source: Path, plan: _Plan) -> Mapping[str, Path]:
    files: dict[str, Path] = {}
    for path in sorted(source.iterdir()):
        if path.name in (README, MANIFEST, f"{script.language}.toml") or path.name.startswith("."):
            continue
        if path.stem not in script.lines:
            plan.findings.append(f"{path} belongs to no clip of {script.language}.toml; correct its name or remove it")
        elif path.stem in files:
            plan.findings.append(f"{path} and {files[path.stem].name} are for the same clip; remove one")
        else:
            files[path.stem] = path
    return files


def _same_voice(script: Script, manifest: Manifest) -> bool:
    return all(manifest.parameters.get(name) == value for name, value in parameters(script).items())


def _spoken(script: Script, plan: _Plan) -> tuple[dict[str, Clip], str | None]:
    """Let the voice speak what it must; also return its description, or None if it was not needed."""
    if not plan.to_speak:
        return {}, None
    try:
        voice = open_voice(script.voice)
        return speak(script, voice, plan.to_speak), None if voice is None else voice.description
    except VoiceError as error:
        plan.findings += str(error).splitlines()
        return {}, None
