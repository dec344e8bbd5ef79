"""Checks that text, manifest and audio of a language belong together and are fit for a telephone."""

from pathlib import Path

from prompts.building.build import misreadings, parameters, phonemes
from prompts.building.levels import faults
from prompts.building.voices import Voice
from prompts.catalogue import load_clip
from prompts.errors import ClipError, ManifestError
from prompts.manifest import Manifest, Source, audio_directory, read_manifest
from prompts.purposes import missing, superfluous
from prompts.script import Script, read_script


def check(language: str, directory: Path, voice: Voice | None) -> list[str]:
    """Check everything: completeness, manifest, format and level of each clip, and the readings.

    Args:
        language: the language tag.
        directory: where the catalogue is.
        voice: reads again every line that it spoke; if None, the manifest's readings are believed.

    Returns:
        A line for each problem, with its remedy; empty if all is well.

    Raises:
        PromptError: the catalogue file or the manifest cannot be read.
    """
    script = read_script(language, directory)
    manifest = read_manifest(language, directory)
    findings = [*missing(script), *superfluous(script), *_strays(script, manifest, directory)]
    findings += _clips(script, manifest, directory)
    findings += _parameters(script, manifest)
    if voice is not None:
        findings += _pronunciation(script, manifest, voice)
    return sorted(findings)


def _build(language: str) -> str:
    return f"build the audio again (ivr prompts build --language {language})"


def _strays(script: Script, manifest: Manifest, directory: Path) -> list[str]:
    present = {path.stem for path in audio_directory(directory, script.language).glob("*.wav")} | set(manifest.clips)
    return [
        f"no line of {script.language}.toml needs clip {id_!r}; {_build(script.language)}"
        for id_ in present - set(script.lines)
    ]


def _clips(script: Script, manifest: Manifest, directory: Path) -> list[str]:
    findings = []
    for line in script.lines.values():
        try:
            findings += [f"clip {line.id!r} {fault}" for fault in faults(load_clip(line, manifest, directory))]
        except (ClipError, ManifestError) as error:
            findings.append(str(error))
    return findings


def _parameters(script: Script, manifest: Manifest) -> list[str]:
    return [
        f"the audio was made with {name} {manifest.parameters.get(name)}, now it is {value}; {_build(script.language)}"
        for name, value in parameters(script).items()
        if manifest.parameters.get(name) != value
    ]


def _pronunciation(script: Script, manifest: Manifest, voice: Voice) -> list[str]:
    spoken = [id_ for id_, entry in manifest.clips.items() if entry.source is Source.VOICE and id_ in script.lines]
    return misreadings(script, voice, spoken) + [
        f"{id_}: the voice now speaks other phonemes than the manifest has; {_build(script.language)}"
        for id_ in spoken
        if phonemes(script.lines[id_], voice) != manifest.clips[id_].phonemes
    ]
