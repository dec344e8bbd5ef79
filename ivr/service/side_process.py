"""A command of ours beside a service, in a process of its own: a page or a mail never delays the calls' clock."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from ivr.host.processes import end_at_once, tied

_STOP_S: Final = 5.0
_AT_ONCE_S: Final = 1.0
_START_S: Final = 20.0
_POLL_S: Final = 0.05


class SideProcess:
    """Runs a command of `ivr` within a `with` block. If the command fails, it says why itself.

    It ends with the block, and at the latest with this process, however this process ends.

    Args:
        command: the command, such as `mail` or `notice serve`.
        environment: its environment, which holds its settings.
        address: where it listens, if others connect to it.
    """

    def __init__(self, command: str, environment: Mapping[str, str], address: tuple[str, int] | None = None) -> None:
        self._command = command
        self._environment = dict(environment)
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # A process group of its own: Ctrl-C goes to the parent, which lets calls end before it stops us. (Stopped
        # twice, by the terminal and by the parent, the command would not end in order.)
        self._process = subprocess.Popen(  # noqa: S603
            tied(sys.executable, "-m", "ivr", *self._command.split(), "--log-level", "warning"),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until_it_listens(self) -> None:
        """Wait until it has its port, has ended, or takes too long: the caller goes on in each case."""
        give_up = time.monotonic() + _START_S
        while self._address and self._process and self._process.poll() is None and time.monotonic() < give_up:
            with contextlib.suppress(OSError), socket.create_connection(self._address, timeout=1.0):
                return
            time.sleep(_POLL_S)

    def end_at_once(self) -> None:
        """End it now. May be called in a signal handler, but only just before this process ends."""
        if self._process is not None:
            end_at_once(self._process, patience_s=_AT_ONCE_S)
