"""A service for tests and measurements: `ivr serve` as a process with its log in a file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ivr.exchange.process import ExchangeError
from ivr.host.usage import all_usages, descendants
from ivr.service.workers.process import PROCESS_NAME

IVR: Final = (sys.executable, "-m", "ivr")
"""The command `ivr` of this very program."""
_START_S: Final = 120.0
"""How long the service may take to start: its first start compiles the receiver."""
_STOP_S: Final = 60.0
_POLL_S: Final = 0.05


class ServiceProcess:
    """A service that is started and stopped, any number of times.

    Args:
        environment: its environment, which has its settings; may be changed between two starts.
        directory: its working directory.
        log: the file of its log, to which each start adds.
        log_level: the least important lines that it logs.
        within: words before its command that have it run elsewhere, as in a network namespace.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        directory: Path,
        log: Path,
        log_level: str = "info",
        within: Sequence[str] = (),
    ) -> None:
        self.environment = environment
        self._directory = directory
        self._log = log
        self._words = (*within, *IVR, "serve", "--log-json", "--log-level", log_level)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_at_start = 0

    @property
    def pid(self) -> int | None:
        """The process; None if it was not started or has ended."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it, and wait until it takes calls.

        Raises:
            ExchangeError: it ended, or did not come up in time.
        """
        self.spawn()
        self.wait_until_serving()

    def spawn(self) -> None:
        """Start it, and do not wait."""
        self._log_at_start = self.log_length
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._words,
                env=self.environment,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for us, who stop it in order
            )

    def wait_until_serving(self) -> None:
        """Wait until it takes calls.

        Raises:
            ExchangeError: it ended, or did not come up in time.
        """
        self.wait_for_event("serving", since=self._log_at_start)

    def wait_for_event(self, event: str, *, since: int) -> None:
        """Wait until it has logged an event after its first `since` octets.

        Raises:
            ExchangeError: it ended, or did not do so in time.
        """
        give_up = time.monotonic() + _START_S
        while not any(record.get("event") == event for record in self.logged_since(since)):
            if self.pid is None or time.monotonic() > give_up:
                last = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
                raise ExchangeError(f"the service of the house did not log {event}: {''.join(last) or 'no word'}")
            time.sleep(_POLL_S)

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs. Killed, it takes its workers with it: their calls break."""
        workers = self._workers() if number == signal.SIGKILL else []
        if self._process is not None:
            self._process.send_signal(number)
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, number)

    def _workers(self) -> list[int]:
        usages = all_usages()
        found = descendants(usages, self.pid or -1)
        return [pid for pid in found if usages[pid].name == PROCESS_NAME]

    def wait(self) -> int | None:
        """Wait until it has ended; kill it if it does not end. Returns its exit status; None if it was not started."""
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            return process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    @property
    def log_length(self) -> int:
        """How many octets it has logged."""
        return self._log.stat().st_size if self._log.exists() else 0

    def logged_since(self, length: int) -> Iterator[dict[str, Any]]:
        """Read, as objects, what it has logged after its first `length` octets."""
        with self._log.open("rb") as log:
            log.seek(length)
            for line in log:
                if line.startswith(b"{") and line.endswith(b"}\n"):
                    yield json.loads(line)
