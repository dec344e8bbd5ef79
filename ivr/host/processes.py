"""Starts and ends processes of ours, which must not outlive us."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Final

HANGS: Final = "something hangs, most likely in a database that does not answer"
"""Why a process may have to be cut off (`exit_within`), for its log."""
_STILL_THERE: Final = '[ "$PPID" = "$0" ] && exec "$@"'
_TIDY_UP_S: Final = 10.0
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_CACHE_HOME", "KARIPASS_CACHE")
"""The variables of our environment that other programs get. The last two say where Asterisk's root file system is."""


def bare_environment() -> dict[str, str]:
    """Take from our environment what another program needs: no key, no secret, no database URL."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def tied(*words: str, by: str = "TERM", options: Sequence[str] = ()) -> tuple[str, ...]:
    """Make a command that Linux ends together with the thread that starts it, however that ends.

    Args:
        words: the command.
        by: the signal that ends it.
        options: more options of setpriv, such as another user; without this the tie would be lost when the user
            changes.
    """
    # If the parent ends before the tie is made, the command must not start.
    still_there = ("sh", "-c", _STILL_THERE, str(os.getpid()))
    return ("setpriv", "--pdeathsig", by, *options, *still_there, *words)


def exit_within(seconds: float, *, telling: Callable[[], None]) -> None:
    """Let this process end within `seconds`, even if one of its threads hangs.

    A thread may hang in a database that does not answer, and Python waits for threads without end. Work that such a
    thread has not committed is not done.

    Args:
        seconds: how long the threads may take.
        telling: called if they take longer, just before the end; the exit status is then 1.
    """

    def end() -> None:
        try:
            telling()
        finally:
            os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def end_at_once(process: subprocess.Popen[bytes], *, patience_s: float) -> None:
    """Ask a process to end, and if it takes too long, make it. May be called in a signal handler.

    `Popen.wait` may not: the interrupted code may be in it already, and hold its lock.

    Args:
        process: the process; it may have ended.
        patience_s: how long it may take to end in order.
    """
    if process.returncode is not None:
        return
    try:
        watched = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        process.terminate()
        if not _ended(watched, patience_s):
            process.kill()
            _ended(watched, patience_s)
    finally:
        os.close(watched)


def _ended(watched: int, patience_s: float) -> bool:
    """Whether the process of a descriptor ends within a time, even if nobody has waited for it."""
    poll = select.poll()
    poll.register(watched, select.POLLIN)
    return bool(poll.poll(1000 * patience_s))


def run_in_group(words: Sequence[str]) -> tuple[int, str]:
    """Run a command that may start others, and end all of them if we are interrupted.

    Its messages go where ours do.

    Returns:
        Its status, and what it printed.
    """
    process = subprocess.Popen(  # noqa: S603
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, process_group=0
    )
    try:
        printed, _ = process.communicate()
    except BaseException:
        _end_group(process)
        raise
    return process.returncode, printed


def _end_group(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_TIDY_UP_S)
            return
