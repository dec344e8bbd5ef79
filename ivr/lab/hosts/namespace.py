"""Network namespaces of our own: made and removed by `ip`, entered by a thread."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

NAMESPACES: Final = Path("/run/netns")
_CLONE_NEWNET: Final = 0x40000000
"""From Linux's sched.h; `os.setns` comes with Python 3.12."""


class NetworkError(Exception):
    """The network cannot be made or changed; the text says why."""


def enter(namespace: Path) -> None:
    """Move this thread, and the threads and processes that it will start, into a network namespace.

    Raises:
        OSError: it is not allowed, or there is no such namespace.
    """
    with namespace.open("rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(namespace))


def remove_namespace(name: str) -> None:
    """Remove a namespace of ours, with the processes in it. Nothing happens if there is none."""
    if not (NAMESPACES / name).exists():
        return
    with suppress(NetworkError):  # it went meanwhile
        for pid in run("ip", "netns", "pids", name).split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "delete", name)


def run(*words: str, told: str | None = None) -> str:
    """Run a command of the network's tools; returns what it printed.

    Args:
        words: the command.
        told: its standard input.

    Raises:
        NetworkError: it failed; the text has its words.
    """
    done = subprocess.run(words, input=told, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        raise NetworkError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
