"""Runs a command on a terminal of its own, 80 columns wide, as a person has it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from typing import Final

ROWS: Final = 24
COLUMNS: Final = 80
_POLL_S: Final = 0.2
_QUIET_S: Final = 0.5
"""A question is asked when a line without an end has stood for this long."""


class Terminal:
    """A command that runs on a terminal.

    Args:
        words: the command.
        seen: called with the command's output, as it comes.
    """

    def __init__(self, words: Sequence[str], seen: Callable[[str], None] = lambda _: None) -> None:
        self.text = ""
        self.status: int | None = None
        self._seen = seen
        self._heard_at = time.monotonic()
        sys.stdout.flush()
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a script's `&` has it ignored; a person's shell does not
            os.execvp(words[0], list(words))
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def wait_for(self, text: str, *, limit_s: float) -> bool:
        """Read until the command has written `text`; False if it ended, or the time was over, without it."""
        give_up = time.monotonic() + limit_s
        while text not in self.text and self.status is None and time.monotonic() < give_up:
            self._read()
        return text in self.text

    def wait(self, *, limit_s: float) -> int | None:
        """Read until the command has ended; returns its exit status, None if the time was over."""
        give_up = time.monotonic() + limit_s
        while self.status is None and time.monotonic() < give_up:
            self._read()
        return self.status

    def answer(self, words: Sequence[str], *, limit_s: float) -> None:
        """Type a line at each question: a line that is not ended, with nothing after it."""
        give_up = time.monotonic() + limit_s
        for word in words:
            asked_from = len(self.text)
            while self.status is None and time.monotonic() < give_up:
                self._read()
                asks = self.text[asked_from:].rstrip(" ").endswith((":", "?", "]"))
                if asks and time.monotonic() - self._heard_at > _QUIET_S:
                    break
            with contextlib.suppress(OSError):
                os.write(self._terminal, f"{word}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        with contextlib.suppress(OSError):
            os.write(self._terminal, b"\x03")

    def kill(self) -> None:
        """End the command by force."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)

    def _read(self) -> None:
        ready, _, _ = select.select([self._terminal], [], [], _POLL_S)
        try:
            data = os.read(self._terminal, 65536) if ready else None
        except OSError:  # how Linux reports that the other side has closed the terminal
            data = b""
        if data:
            self._heard_at = time.monotonic()
            text = data.decode(errors="replace")
            self.text += text
            self._seen(text)
            return
        if data == b"":
            time.sleep(_POLL_S)
        ended, status = os.waitpid(self._pid, os.WNOHANG)
        if ended:
            self.status = os.waitstatus_to_exitcode(status)
