"""Tables for terminals, and for what reads them through a pipe."""

from __future__ import annotations

import io
from typing import Final

from rich.console import Console
from rich.table import Table

_ENDLESS: Final = 10_000


def print_table(console: Console, table: Table) -> None:
    """Print a table; away from a terminal a line a row, without the blanks that fill its last column."""
    if console.is_terminal:
        console.print(table)
        return
    written = io.StringIO()
    Console(file=written, width=_ENDLESS).print(table)
    for line in written.getvalue().splitlines():
        print(line.rstrip(), flush=True)
