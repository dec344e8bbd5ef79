"""Starts and ends a worker: a child that has one end of a line, and lets its calls end when the other is closed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from ivr.service.doors import Doors
from ivr.service.workers.line import line_ends

PROCESS_NAME: Final = "karipass-worker"
"""How the system names a worker; Linux shows 15 characters."""
ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1"}
"""Has the matrix library of numpy and scipy start no threads. From about 220 calls on it shares the receiver's product
out to one. That thread has no real-time priority, and the media clock, which has, waits for it without letting anyone
run: on two busy processors it took a whole one. 300 callers: 26 of 100 were turned away, key to silence 1579 ms (p99),
2.9 % of ticks late. Without threads: none, 68 ms, 0.16 %."""
_END_S: Final = 45.0
"""How long a worker may take to end once it has hung up: longer than it gives its own threads (`ivr.cli.serving`)."""


class WorkerNotStarted(Exception):  # noqa: N818 - reads as what it says
    """A worker did not come up; the text says why, and what to do."""


class WorkerProcess:
    """One worker.

    Args:
        words: the command; the worker's number, its doors and its end of the line are appended as options.
        environment: its environment, which holds its settings.
        number: names the worker.
        doors: its doors, which it inherits.

    Attributes:
        end: our end of the line.

    Raises:
        WorkerNotStarted: the system starts no process.
    """

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], number: int, doors: Doors) -> None:
        self.end, theirs = line_ends()
        inherited = [theirs.fileno(), doors.agi.fileno(), doors.audio.fileno()]
        line, agi, audio = map(str, inherited)
        with theirs:
            # A process group of its own: Ctrl-C goes to us, and calls in progress go on.
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own command
                    [*words, "--number", str(number), "--line", line, "--agi-door", agi, "--audio-door", audio],
                    env={**environment, **ONE_THREAD},
                    stdin=subprocess.DEVNULL,
                    pass_fds=inherited,
                    process_group=0,
                )
            except OSError as error:
                self.end.close()
                raise WorkerNotStarted(
                    f"a worker cannot be started ({error.strerror}): has the host too little memory, or too many"
                    " processes?"
                ) from None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def kill(self) -> None:
        """End the process at once, calls or not. May be called in a signal handler."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for the end of a process that has hung up, and see to it; returns its status. Blocks."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_END_S)
        self._process.kill()
        return self._process.wait()
