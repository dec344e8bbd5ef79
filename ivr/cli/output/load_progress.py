"""Shows how far a load of calls is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.status import Status

from ivr.cli.common import print_remark

if TYPE_CHECKING:
    from ivr.lab.load.calling import LoadProgress

_LINE_EVERY_S: Final = 30.0
"""How often progress is printed where it cannot be shown in place."""


class Progress:
    """Shows how far the load is on standard error: in one line on a terminal, else in a line now and then.

    Args:
        status: the line on a terminal; None if there is no terminal.
    """

    def __init__(self, status: Status | None) -> None:
        self._status = status
        self._next_line_s = 0.0

    def stage(self, text: str) -> None:
        """Say what is done next."""
        if self._status is None:
            print_remark(text)
        else:
            self._status.update(text)

    def show(self, now: LoadProgress) -> None:
        """Show how far the calls are."""
        text = (
            f"{_clock(now.seconds)} (new calls until {_clock(now.of_seconds)}): {now.calling} calls, {now.talking} of "
            f"them answered; {now.over} have ended, {now.to_the_end} with all keys pressed"
        )
        if self._status is not None:
            self._status.update(text)
        elif now.seconds >= self._next_line_s:
            self._next_line_s = now.seconds + _LINE_EVERY_S
            print_remark(text)


@contextmanager
def progress_of_calls() -> Iterator[Progress]:
    """Enter with a progress display for standard error."""
    if not sys.stderr.isatty():
        yield Progress(None)
        return
    with Console(stderr=True).status("") as status:
        yield Progress(status)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
