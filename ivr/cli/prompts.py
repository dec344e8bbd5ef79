"""`ivr prompts`: checks and builds what callers hear, and lets an operator replace it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dsp.commands.group import CommandGroup
from ivr.cli.common import load_settings, make_state_dir, reporting_errors
from ivr.cli.output.tables import print_hanging, terminal
from ivr.cli.output.wording import counted

if TYPE_CHECKING:
    from prompts.building.voices import Voice

prompts_app = typer.Typer(
    cls=CommandGroup, help="Check and build what callers hear; replace wording or recordings.", no_args_is_help=True
)

LanguageOption = Annotated[str | None, typer.Option(help="The language (ISO 639); by default the settings' language.")]


@prompts_app.command("check")
@reporting_errors
def check_command(
    language: Annotated[str | None, typer.Option(help="The language (ISO 639); by default all.")] = None,
) -> None:
    """Check wording, clips, levels and pronunciation. Each finding is a line; the exit status is 1 if there is one."""
    from prompts import home, languages
    from prompts.building.check import check

    own = load_settings().operator_prompts_dir
    findings = []
    for each in languages(own) if language is None else (language,):
        place = home(each, own)
        found = check(each, place, _voice_if_installed(each, place))
        findings += found
        print("\n".join(found) or f"{each}: wording, clips and levels are as they should be ({place})")
    raise SystemExit(1 if findings else 0)


@prompts_app.command("build")
@reporting_errors
def build_command(language: LanguageOption = None) -> None:
    """Let the voice speak every line that nobody recorded."""
    from prompts import home
    from prompts.building.build import build
    from prompts.building.voices import open_voice
    from prompts.script import read_script

    settings = load_settings()
    language = language or settings.language
    place = home(language, settings.operator_prompts_dir)
    script = read_script(language, place)
    manifest = build(script, open_voice(script.voice), place)
    print(f"{counted(len(manifest.clips), 'clip')} in {place}")


@prompts_app.command("export")
@reporting_errors
def export_command(
    directory: Annotated[Path, typer.Argument(help="A new directory.")], language: LanguageOption = None
) -> None:
    """Write the wording and clips of one language into a directory, to be changed there and imported."""
    from prompts import home, languages
    from prompts.building.export import export

    settings = load_settings()
    language = language or settings.language
    export(language, home(language, settings.operator_prompts_dir), directory)
    print(
        f"{directory}: change {language}.toml or the WAVs (README.txt says how), then: ivr prompts import {directory}"
    )
    others = [each for each in languages(settings.operator_prompts_dir) if each != language]
    if others:
        print(f"this is {language} alone; for {' or '.join(others)} name another directory, and --language")


@prompts_app.command("import")
@reporting_errors
def import_command(
    directory: Annotated[Path, typer.Argument(help="A directory that `ivr prompts export` wrote, changed.")],
    language: Annotated[
        str | None, typer.Option(help="The language (ISO 639); by default that of the catalogue file there.")
    ] = None,
) -> None:
    """Take changed wording and recordings into use, all or nothing. A service uses them when it starts."""
    from prompts.building.replacement import import_catalogue

    settings = load_settings()
    make_state_dir(settings)
    done = import_catalogue(directory, settings.operator_prompts_dir, language)
    for word, ids in (("recorded", done.recorded), ("spoken", done.spoken)):
        if ids:
            print_hanging(terminal(), f"{word}: ", " ".join(ids))
    new = len(done.recorded) + len(done.spoken)
    print(f"{done.language}: {counted(new, 'clip')} new, {done.kept} as they were; start the service again")


def _voice_if_installed(language: str, place: Path) -> Voice | None:
    from prompts import VoiceError
    from prompts.building.voices import open_voice
    from prompts.script import read_script

    try:
        return open_voice(read_script(language, place).voice)
    except VoiceError as error:
        print(f"{language}: pronunciation not checked: {error}", file=sys.stderr)
        return None
