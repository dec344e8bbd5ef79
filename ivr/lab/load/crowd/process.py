"""The callers of a load in a process of their own: their clock must not wait for anything else that the load does."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Self

from ivr.lab.load.crowd.caller import CallNotes
from ivr.lab.load.crowd.loop import Crowd, CrowdSettings, Lateness
from ivr.lab.load.crowd.trunk import Way

_FIRST: Final = -10
"""The niceness of the callers: real telephones are never late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the callers report each second.

    Attributes:
        calling: how many calls there are.
        talking: how many of them are answered.
        over: the calls that have ended since the last report.
        lateness: how late their packets were so far.
        is_last: whether all calls have ended.
    """

    calling: int
    talking: int
    over: Sequence[CallNotes]
    lateness: Lateness
    is_last: bool


class CrowdProcess:
    """The process; a context manager that ends it.

    Args:
        settings: what the callers are to do.
        way: the way on which they reach the service.
    """

    def __init__(self, settings: CrowdSettings, way: Way) -> None:
        context = get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(settings, way, theirs), daemon=True)
        self._theirs = theirs

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()
        self._ours.close()

    @property
    def pid(self) -> int | None:
        """The process; None if it was not started."""
        return self._process.pid

    def reports(self) -> list[Report]:
        """Take the reports that are there.

        Raises:
            EOFError: the process has ended without a last report.
        """
        found: list[Report] = []
        while self._ours.poll():
            found.append(self._ours.recv())
            if found[-1].is_last:
                break
        return found

    def stop(self) -> None:
        """Have all callers hang up."""
        with suppress(BrokenPipeError):
            self._ours.send(None)


def leave_interrupts() -> None:
    """Leave SIGINT to the process that started this one, which says when to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(settings: CrowdSettings, way: Way, pipe: Connection) -> None:
    leave_interrupts()
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _FIRST)
    over: list[CallNotes] = []
    crowd = Crowd(settings, way.open(settings.calls), over.append)

    def report(*, is_last: bool = False) -> None:
        if pipe.poll():
            pipe.recv()
            crowd.stop()
        pipe.send(
            Report(
                calling=crowd.calling,
                talking=crowd.talking,
                over=tuple(over),
                lateness=crowd.lateness,
                is_last=is_last,
            )
        )
        over.clear()

    crowd.run(report)
    report(is_last=True)
