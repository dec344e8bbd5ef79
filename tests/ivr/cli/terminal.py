"""A terminal of a given width, in which a command runs as a person would run it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from tests.ivr.cli.warm import WarmProcess

_ERASED = re.compile(r"[^\n]*\x1b\[2K")
"""Text on a line that was erased afterwards, as a spinner does."""
_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
IVR = str(Path(sys.executable).with_name("ivr"))


def screen_of(*command: str, columns: int) -> list[str]:
    """The text that a command writes to its terminal, line by line, without colours."""
    ours, its = _terminal(columns)
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=_environment()) as running:
        os.close(its)
        screen = _screen(ours)
        running.wait(60)
    return screen


def warm_screen_of(warm: WarmProcess, *command: str, columns: int) -> list[str]:
    """As `screen_of`, of `ivr` or `dtmf` in a process that has loaded it already."""
    ours, its = _terminal(columns)
    warm.start(command, _environment(), os.ttyname(its))
    os.close(its)
    screen = _screen(ours)
    warm.wait()
    return screen


def _terminal(columns: int) -> tuple[int, int]:
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    return ours, its


def _environment() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    return environment | {"TERM": "xterm-256color"}


def _screen(ours: int) -> list[str]:
    written = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return _STEERING.sub("", _ERASED.sub("", written.decode())).splitlines()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # EIO: nobody has the other end any more
        return b""
