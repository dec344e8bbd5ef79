"""`python -m prompts build|check`: makes the guidance audio, or checks that it says what the text says."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from prompts.building.build import build
from prompts.building.check import check
from prompts.building.voices import open_voice
from prompts.catalogue import HERE
from prompts.errors import PromptError, VoiceError
from prompts.manifest import audio_directory
from prompts.script import read_script
from sound.telephone import SAMPLE_RATE_HZ

app = typer.Typer(help="The guidance: its texts, and the audio made from them.", no_args_is_help=True)

Language = Annotated[str, typer.Option(help="The catalogue, by its language tag.")]
Directory = Annotated[Path, typer.Option(help="Where the catalogues are.")]


@app.command("build")
def build_command(language: Language = "ja", directory: Directory = HERE) -> None:
    """Speak every line of a catalogue, and write its clips and their manifest."""
    try:
        script = read_script(language, directory)
        manifest = build(script, open_voice(script.voice), directory)
    except PromptError as error:
        _fail(str(error))
    seconds = sum(entry.samples for entry in manifest.clips.values()) / SAMPLE_RATE_HZ
    folder = audio_directory(directory, language)
    typer.echo(f"{len(manifest.clips)} clips, {seconds:.0f} s, in {folder}")


@app.command("check")
def check_command(language: Language = "ja", directory: Directory = HERE) -> None:
    """Check that text, manifest, audio and pronunciation agree; exit with status 1 if not."""
    try:
        try:
            voice = open_voice(read_script(language, directory).voice)
        except VoiceError as error:
            typer.echo(f"pronunciation not checked: {error}", err=True)
            voice = None
        findings = check(language, directory, voice)
    except PromptError as error:
        _fail(str(error))
    if findings:
        _fail("\n".join(findings))
    typer.echo(f"{language}: text, manifest and audio agree")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
