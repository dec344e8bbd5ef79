"""`ivr lines`: manages the lines whose callers are admitted."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from credentials.lines.numbers import normalise_number
from credentials.model import Line
from dsp.commands.group import CommandGroup
from ivr.cli.common import load_settings, open_store, reporting_errors, system_operator
from ivr.cli.output.tables import Column, print_hanging, print_table, terminal
from ivr.cli.output.wording import counted, listed
from storage.errors import StorageError

if TYPE_CHECKING:
    from ivr.host.settings import Settings

lines_app = typer.Typer(cls=CommandGroup, help="Manage the lines whose callers are admitted.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The number, as in 03-1234-5678.", metavar="NUMBER")]
NumberOfLine = Annotated[str, typer.Argument(help="Any number of the line.", metavar="NUMBER")]

_COLUMNS: Final = (
    Column(name="contract number"),
    Column(name="additional numbers", prose=True),
    Column(name="language"),
    Column(name="unit"),
    Column(name="state"),
)
_INTERRUPTED: Final = 130
"""The exit status of a shell after Ctrl-C."""


@lines_app.command("import")
@reporting_errors
def import_lines(
    file: Annotated[
        Path, typer.Argument(help="CSV with the columns contract_number, number and, if wanted, language.")
    ],
    whole: Annotated[
        bool, typer.Option("--whole", help="The file is the whole list: remove lines that it does not name.")
    ] = False,
) -> None:
    """Import lines and their numbers. The whole file is checked before anything is changed.

    The file has one row for each number. A line that the file names then has exactly the numbers that the file gives
    it. Other lines stay as they are, unless with --whole. Calls go on meanwhile. If the import is interrupted, run it
    again: it does the rest.
    """
    from ivr.cli.import_progress import import_progress

    settings = load_settings()
    with open_store(settings) as store, import_progress() as progress:
        try:
            result = store.import_lines(file, remove_absent=whole, operator=system_operator(), progress=progress)
        except KeyboardInterrupt:
            print(f"ivr: interrupted: {progress.reached}", file=sys.stderr)
            raise SystemExit(_INTERRUPTED) from None
    print(f"{counted(result.lines, 'line')} with {counted(result.numbers, 'number')} imported")
    for numbers, word in ((result.moved, "moved to another line"), (result.removed, "removed")):
        if numbers:
            print_hanging(terminal(), f"{len(numbers)} {word}: ", listed(numbers))
    if result.repeated:
        print(f"ivr: {file}: rows that say what an earlier one says: {listed(result.repeated)}", file=sys.stderr)
    _warn_of_languages(result.languages, settings)


@lines_app.command("export")
@reporting_errors
def export_lines(
    file: Annotated[Path | None, typer.Argument(help="The file to write; standard output if not given.")] = None,
) -> None:
    """Export all lines as a CSV that `import` takes."""
    with open_store(load_settings()) as store:
        if file is None:
            store.export_lines(sys.stdout)
            return
        try:
            with file.open("w", encoding="utf-8", newline="") as target:
                count = store.export_lines(target)
        except OSError as error:
            print(f"ivr: {file} cannot be written: {error.strerror}", file=sys.stderr)
            raise SystemExit(1) from None
    print(f"{counted(count, 'line')} exported to {file}")


@lines_app.command("list")
@reporting_errors
def list_lines() -> None:
    """List the lines and their numbers."""
    with open_store(load_settings()) as store:
        lines = store.list_lines()
    if not lines:
        print("no lines yet: import some with `ivr lines import FILE`")
        return
    rows = [
        (
            line.contract_number,
            " ".join(sorted(line.numbers - {line.contract_number})),
            line.language,
            line.unit or "",
            "locked" if line.locked else "",
        )
        for line in lines
    ]
    print_table(terminal(), _COLUMNS, rows)


@lines_app.command()
@reporting_errors
def add(
    number: Number,
    to: Annotated[
        str | None, typer.Option(metavar="LINE", help="The line that gets it; without this, it is a new line.")
    ] = None,
    language: Annotated[str, typer.Option(help="The new line's language (ISO 639).")] = "ja",
) -> None:
    """Add a line, or a number to a line."""
    settings = load_settings()
    with open_store(settings) as store:
        if to is not None:
            store.add_number(number, to=to, operator=system_operator())
        else:
            try:
                store.add_line(number, language=language, operator=system_operator())
            except StorageError:
                raise
            except ValueError as error:
                raise typer.BadParameter(str(error), param_hint="--language") from None
        line = store.line_of(number)
    if to is not None:
        print(f"{normalise_number(number)} is now a number of line {line.contract_number}")
    else:
        print(f"line {line.contract_number} is added, language {line.language}")
        _warn_of_languages({line.language}, settings)


@lines_app.command()
@reporting_errors
def move(number: Number, to: Annotated[str, typer.Option(metavar="LINE", help="The line that it goes to.")]) -> None:
    """Move an additional number to another line. Its passwords do not go with it."""
    with open_store(load_settings()) as store:
        store.move_number(number, to=to, operator=system_operator())
    print(f"{normalise_number(number)} is now a number of line {normalise_number(to)}; its passwords are removed")


@lines_app.command()
@reporting_errors
def remove(
    number: Number,
    line: Annotated[bool, typer.Option("--line", help="Remove the whole line of this contract number.")] = False,
) -> None:
    """Remove an additional number, or with --line a whole line, and its passwords."""
    with open_store(load_settings()) as store:
        if line:
            store.remove_line(number, operator=system_operator())
        else:
            store.remove_number(number, operator=system_operator())
    number = normalise_number(number)
    print(f"line {number} and all its numbers are removed" if line else f"{number} is removed from its line")


@lines_app.command()
@reporting_errors
def lock(number: NumberOfLine) -> None:
    """Lock the line of a number: its callers are refused, and none of its numbers can log in."""
    with open_store(load_settings()) as store:
        line = store.line_of(number)
        changed = store.lock_line(line.contract_number, operator=system_operator())
    print(f"{_named(line, number)} is locked out{'' if changed else ' already'}")


@lines_app.command()
@reporting_errors
def unlock(number: NumberOfLine) -> None:
    """Unlock the line of a number that was locked, or whose calls are refused."""
    with open_store(load_settings()) as store:
        line = store.line_of(number)
        changed = store.unlock_line(line.contract_number, operator=system_operator())
    print(f"{_named(line, number)} is let in {'again' if changed else 'already'}")


def _named(line: Line, number: str) -> str:
    """Name a line, and the number by which it was found if that is not its own."""
    given = normalise_number(number)
    whose = "" if given == line.contract_number else f", to which {given} belongs,"
    return f"line {line.contract_number}{whose}"


def _warn_of_languages(languages: Collection[str], settings: Settings) -> None:
    """Warn of languages without guidance: the store takes any language, and callers would wonder."""
    from prompts import languages as prompt_languages

    there = prompt_languages(settings.operator_prompts_dir)
    for language in sorted(set(languages) - set(there)):
        print(
            f"ivr: there is no guidance in {language}, only in {', '.join(there)}: callers of its lines hear"
            f" {settings.language} (KARIPASS_LANGUAGE)",
            file=sys.stderr,
        )
