"""The callers of a load in a process of their own: their clock must not wait for anything else that the load does."""

from __future__ import annotations

import resource
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Self

from ivr.host.clock_priority import give_real_time_up, take_priority
from ivr.lab.load.crowd.caller import CallNotes
from ivr.lab.load.crowd.loop import Crowd, CrowdSettings, Lateness
from ivr.lab.load.crowd.trunk import Way

_RUN_S: Final = 2
"""How long the callers may run without a pause and keep their priority: far longer than their turn takes."""


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


class _Word(Enum):
    """What the callers are told."""

    HANG_UP = auto()
    CALL_NO_MORE = auto()


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
            try:
                found.append(self._ours.recv())
            except ConnectionResetError:  # it has not read that it was to stop
                raise EOFError from None
            if found[-1].is_last:
                break
        return found

    def stop(self) -> None:
        """Have all callers hang up."""
        self._say(_Word.HANG_UP)

    def call_no_more(self) -> None:
        """Have nobody call any more; calls that go on come to their end."""
        self._say(_Word.CALL_NO_MORE)

    def _say(self, word: _Word) -> None:
        with suppress(BrokenPipeError):
            self._ours.send(word)


def leave_interrupts() -> None:
    """Leave SIGINT to the process that started this one, which says when to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _go_first() -> None:
    """Take the priority of the service's clock: real telephones are never late.

    Callers who are too many for a processor run without a pause. Then they give it up, and others can still run.
    """
    signal.signal(signal.SIGXCPU, lambda _signal, _frame: give_real_time_up())
    _, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
    microseconds = _RUN_S * 1_000_000
    soft = microseconds if hard == resource.RLIM_INFINITY else min(microseconds, hard)
    resource.setrlimit(resource.RLIMIT_RTTIME, (soft, hard))
    take_priority()


def _run(settings: CrowdSettings, way: Way, pipe: Connection) -> None:
    leave_interrupts()
    _go_first()
    over: list[CallNotes] = []
    crowd = Crowd(settings, way.open(settings.calls), over.append)

    def report(*, is_last: bool = False) -> None:
        if pipe.poll():
            match pipe.recv():
                case _Word.HANG_UP:
                    crowd.stop()
                case _Word.CALL_NO_MORE:
                    crowd.call_no_more()
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
