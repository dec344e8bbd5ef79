"""`ivr lines`: the lines whose callers are admitted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ivr.cli.app import open_store, reporting_errors
from ivr.settings import Settings

lines_app = typer.Typer(help="The lines whose callers are admitted.", no_args_is_help=True)


@lines_app.command("import")
@reporting_errors
def import_lines(
    file: Annotated[
        Path, typer.Argument(help="CSV with the columns contract_number, number and, if wanted, language.")
    ],
) -> None:
    """Import lines and their numbers: all of the file or nothing.

    One row a number. A line that the file names then has exactly the numbers that the file gives it; other lines stay
    as they are.
    """
    with open_store(Settings.load()) as store:
        result = store.import_lines(file)
    print(f"{result.lines} lines with {result.numbers} numbers imported")


@lines_app.command("list")
@reporting_errors
def list_lines() -> None:
    """List the lines and their numbers."""
    with open_store(Settings.load()) as store:
        lines = store.list_lines()
    table = Table("contract number", "additional numbers", "language", "state", box=None)
    for line in lines:
        additional = sorted(line.numbers - {line.contract_number})
        table.add_row(line.contract_number, " ".join(additional), line.language, "locked" if line.locked else "")
    if lines:
        Console(soft_wrap=True).print(table)
    else:
        print("no lines yet: import some with `ivr lines import FILE`")
