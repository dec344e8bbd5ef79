"""Tells whether text, manifest and audio of a language still belong together."""

from pathlib import Path

from prompts.build import Voice, misreadings, parameters, phonemes
from prompts.catalogue import load_catalogue
from prompts.manifest import audio_directory, read_manifest
from prompts.script import read_script


def check(language: str, directory: Path, voice: Voice | None) -> list[str]:
    """Compare catalogue, manifest and clips, and the readings if a voice is there to give them.

    Args:
        language: Language tag.
        directory: Where the catalogues are.
        voice: Reads every line again; without one the manifest's word for it is taken.

    Returns:
        Findings, each with its remedy; none if all is well.

    Raises:
        PromptError: A file is missing or wrong in itself.
    """
    script = read_script(language, directory)
    load_catalogue(language, directory)
    manifest = read_manifest(language, directory)
    build = f"build the audio again (python -m prompts build --language {language})"
    folder = audio_directory(directory, language)
    present = {path.stem for path in folder.glob("*.wav")} | set(manifest.clips)
    findings = [f"no line of {language}.toml asks for clip {id_!r}; {build}" for id_ in present - set(script.lines)]
    for name, value in parameters(script).items():
        if manifest.parameters.get(name) != value:
            was = manifest.parameters.get(name)
            findings.append(f"the audio was made with {name} {was}, now it is {value}; {build}")
    if voice is not None:
        findings += misreadings(script, voice)
        findings += [
            f"{line.id}: the voice speaks other phonemes than those in the manifest; {build}"
            for line in script.lines.values()
            if phonemes(line, voice) != manifest.clips[line.id].phonemes
        ]
    return sorted(findings)
