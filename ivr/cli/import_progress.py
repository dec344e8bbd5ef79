"""Shows how far `ivr lines import` has come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from credentials.lines.importing import ImportStage
from ivr.cli.output.wording import counted

_STAGES: Final = {
    ImportStage.READING: "rows read",
    ImportStage.STORING: "lines stored",
}


class ImportProgress:
    """Shows how far an import has come.

    Args:
        bars: where to show it.
    """

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[ImportStage, TaskID] = {}
        self._stored, self._of = 0, 0

    def __call__(self, stage: ImportStage, done: int, of: int | None) -> None:
        """Show how much of a stage is done, and of how much if that is known."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(_STAGES[stage], total=of)
        self._bars.update(self._tasks[stage], completed=done, total=of)
        if stage is ImportStage.STORING:
            self._stored, self._of = done, of or 0

    @property
    def reached(self) -> str:
        """Say what an interrupted import has done, and what to do."""
        if not self._stored:
            return "nothing was changed"
        return (
            f"{self._stored} of {counted(self._of, 'line')} that change are as the file says, the others as they were;"
            " run the same import again, which does the rest"
        )


@contextmanager
def import_progress() -> Iterator[ImportProgress]:
    """Show bars on standard error, if that is a terminal."""
    columns = (TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bars:
        yield ImportProgress(bars)
