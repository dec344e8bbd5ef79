"""`ivr lines`: the lines whose callers are admitted."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from credentials import CredentialError, ImportProgress, ImportStage
from ivr.cli.app import open_store, reporting_errors
from ivr.settings import Settings

lines_app = typer.Typer(help="The lines whose callers are admitted.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The number, as in 03-1234-5678.", metavar="NUMBER")]
ContractNumber = Annotated[str, typer.Argument(help="The line, by its contract number.", metavar="LINE")]

_STAGES: Final = {
    ImportStage.READING: "rows read",
    ImportStage.STORING: "changes stored",
    ImportStage.RECORDING: "audit records",
}


@lines_app.command("import")
@reporting_errors
def import_lines(
    file: Annotated[
        Path, typer.Argument(help="CSV with the columns contract_number, number and, if wanted, language.")
    ],
    whole: Annotated[
        bool, typer.Option("--whole", help="The file is the whole list: lines that it does not name are removed.")
    ] = False,
) -> None:
    """Import lines and their numbers: all of the file or nothing.

    One row a number. A line that the file names then has exactly the numbers that the file gives it; other lines stay
    as they are, unless with --whole.
    """
    with open_store(Settings.load()) as store, _progress() as progress:
        result = store.import_lines(file, remove_absent=whole, operator=_operator(), progress=progress)
    changes = [f"{count} {word}" for count, word in ((result.moved, "moved"), (result.removed, "removed")) if count]
    print(", ".join([f"{result.lines} lines with {result.numbers} numbers imported", *changes]))


@lines_app.command("export")
@reporting_errors
def export_lines(
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output if not given.")] = None,
) -> None:
    """Export all lines as a CSV that `import` takes."""
    with open_store(Settings.load()) as store:
        if file is None:
            store.export_lines(sys.stdout)
            return
        try:
            with file.open("w", encoding="utf-8", newline="") as target:
                count = store.export_lines(target)
        except OSError as error:
            print(f"ivr: {file} cannot be written: {error.strerror}", file=sys.stderr)
            raise SystemExit(1) from None
    print(f"{count} lines exported to {file}")


@lines_app.command("list")
@reporting_errors
def list_lines() -> None:
    """List the lines and their numbers."""
    with open_store(Settings.load()) as store:
        lines = store.list_lines()
    table = Table("contract number", "additional numbers", "language", "unit", "state", box=None)
    for line in lines:
        additional = sorted(line.numbers - {line.contract_number})
        state = "locked" if line.locked else ""
        table.add_row(line.contract_number, " ".join(additional), line.language, line.unit or "", state)
    if lines:
        Console(soft_wrap=True).print(table)
    else:
        print("no lines yet: import some with `ivr lines import FILE`")


@lines_app.command()
@reporting_errors
def add(
    number: Number,
    to: Annotated[
        str | None, typer.Option(metavar="LINE", help="The line that gets it; without, it is a new line.")
    ] = None,
    language: Annotated[str, typer.Option(help="The new line's language (ISO 639).")] = "ja",
) -> None:
    """Add a line, or a number to a line."""
    with open_store(Settings.load()) as store:
        if to is not None:
            store.add_number(number, to=to, operator=_operator())
            return
        try:
            store.add_line(number, language=language, operator=_operator())
        except CredentialError:
            raise
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--language") from None


@lines_app.command()
@reporting_errors
def move(number: Number, to: Annotated[str, typer.Option(metavar="LINE", help="The line that it goes to.")]) -> None:
    """Move an additional number to another line. What opened it does not go with it."""
    with open_store(Settings.load()) as store:
        store.move_number(number, to=to, operator=_operator())


@lines_app.command()
@reporting_errors
def remove(
    number: Number,
    line: Annotated[bool, typer.Option("--line", help="It is a contract number: remove the whole line.")] = False,
) -> None:
    """Remove an additional number, or with --line a whole line, and what opens it."""
    with open_store(Settings.load()) as store:
        if line:
            store.remove_line(number, operator=_operator())
        else:
            store.remove_number(number, operator=_operator())


@lines_app.command()
@reporting_errors
def lock(line: ContractNumber) -> None:
    """Lock a line out: its callers are refused, and none of its numbers logs in."""
    with open_store(Settings.load()) as store:
        store.lock_line(line, operator=_operator())


@lines_app.command()
@reporting_errors
def unlock(line: ContractNumber) -> None:
    """Let a line in again that was locked out, or is refused for its many calls."""
    with open_store(Settings.load()) as store:
        store.unlock_line(line, operator=_operator())


def _operator() -> str:
    """Who gives the command, for the audit trail."""
    try:
        return f"operator {getpass.getuser()}"
    except (KeyError, OSError):  # a user id without a name, as in a container
        return "operator"


@contextmanager
def _progress() -> Iterator[ImportProgress]:
    """Show bars on standard error, if that is a terminal."""
    columns = (TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bars:
        tasks: dict[ImportStage, TaskID] = {}

        def show(stage: ImportStage, done: int, of: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_STAGES[stage], total=of)
            bars.update(tasks[stage], completed=done, total=of)

        yield show
