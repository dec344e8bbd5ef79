"""Commands in forks of a process that has loaded them: to load `ivr` takes a second of processor, to fork it none.

    python -m tests.ivr.cli.warm

reads commands from its standard input, one JSON object a line, runs each on a terminal, and answers with its status.
What a command does is the same as in a process of its own; how it is found and loaded is not shown by this.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

_PROGRAMS: Final = {"ivr": "ivr.cli", "dtmf": "dsp.cli"}
_LOADED_WHEN_USED: Final = (
    "console.operators",
    "credentials.store",
    "ivr.cli.calls.one_call",
    "ivr.doctor.all_checks",
    "ivr.lab.folder_report",
    "ivr.lab.junit",
    "ivr.lab.scenarios.live",
    "ivr.lab.scenarios.simulated",
)
"""What the commands of the tests load when they run."""


class WarmProcess:
    """The process, within a `with` block."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.ivr.cli.warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A fork has one thread only.
            env={**os.environ, "TERM": "xterm-256color", "OPENBLAS_NUM_THREADS": "1"},
            cwd=Path(__file__).parents[3],
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)

    def start(self, command: Sequence[str], environment: Mapping[str, str], terminal: str) -> None:
        """Start a command in the present directory, and wait until it has its terminal.

        Args:
            command: `ivr` or `dtmf`, and its words.
            environment: its environment.
            terminal: the terminal's path.
        """
        asked = {
            "command": command,
            "environment": dict(environment),
            "terminal": terminal,
            "directory": str(Path.cwd()),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        self._read()

    def wait(self) -> int:
        """Wait for the end of the command that was started last, and return its status."""
        return int(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def _run(asked: Mapping[str, Any]) -> int:
    """Be the process of a command; returns its status."""
    terminal = os.open(asked["terminal"], os.O_RDWR | os.O_NOCTTY)
    os.write(1, b"started\n")
    for descriptor in (0, 1, 2):
        os.dup2(terminal, descriptor)
    os.close(terminal)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    os.chdir(asked["directory"])
    name, *words = asked["command"]
    sys.argv = [name, *words]
    try:
        import_module(_PROGRAMS[name]).app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def main() -> None:
    """Load the commands, then run those that are asked for until nobody can ask any more."""
    from ivr.cli import COMMANDS
    from ivr.cli.common import expected_errors

    for module in (*_PROGRAMS.values(), *(place.partition(":")[0] for place, _ in COMMANDS.values())):
        import_module(module)
    for module in _LOADED_WHEN_USED:
        import_module(module)
    expected_errors()
    while asked := sys.stdin.buffer.readline():
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = _run(json.loads(asked))
                with suppress(OSError):
                    sys.stdout.flush()
            finally:
                os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
