"""A program of ours beside the service, such as `ivr portal`: a process with its log in a file."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ivr.exchange.process import ExchangeError
from ivr.lab.service_process import IVR

_WITHIN_S: Final = 60.0
_STOP_S: Final = 60.0
_POLL_S: Final = 0.05


class Program:
    """A command of `ivr`, which is started and stopped, any number of times.

    Args:
        words: the command.
        environment: its environment, which has its settings.
        log: the file of its log, to which each start adds.
        within: words before its command that have it run elsewhere, as in a network namespace.
    """

    def __init__(self, *words: str, environment: Mapping[str, str], log: Path, within: Sequence[str] = ()) -> None:
        self._name = words[0]
        self._command = [*within, *IVR, *words]
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process; None if it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self, until: str) -> None:
        """Start it, and wait until it has logged an event.

        Raises:
            ExchangeError: it ended, or did not do so in time.
        """
        before = self._log_length
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                env=self._environment,
                cwd=self._log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for us, who stop it in order
            )
        self._wait_for(until, before)

    def signal(self, number: int, until: str) -> None:
        """Send it a signal, if it runs, and wait until it has logged an event.

        Raises:
            ExchangeError: it ended, or did not do so in time.
        """
        if (pid := self.pid) is not None:
            before = self._log_length
            os.kill(pid, number)
            self._wait_for(until, before)

    def stop(self) -> None:
        """Let it end in order; kill it if it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def _log_length(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    def _wait_for(self, event: str, since: int) -> None:
        give_up = time.monotonic() + _WITHIN_S
        while event.encode() not in (said := self._log.read_bytes()[since:]):
            if self.pid is None or time.monotonic() > give_up:
                last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
                raise ExchangeError(f"ivr {self._name} did not log {event}: {''.join(last) or 'no word'}")
            time.sleep(_POLL_S)
