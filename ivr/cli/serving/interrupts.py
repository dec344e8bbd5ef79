"""How a command that runs until it is stopped takes SIGINT and SIGTERM.

A shell script that starts a program with `&` makes it ignore SIGINT (POSIX, 2.11 of the shell's language), and Python
leaves that as it is: the program would then end on SIGTERM alone. Our commands end on both, however they were started.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Waits between two rounds of work, and says when there must be no further one.

    Args:
        asked: the end of a pipe from which a byte can be read when the program was asked to stop.
    """

    def __init__(self, asked: int) -> None:
        self._asked = asked

    def wait(self, seconds: float) -> bool:
        """Wait for `seconds`, or until the program is asked to stop; returns whether it was."""
        return bool(select.select([self._asked], [], [], seconds)[0])


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Take SIGINT and SIGTERM here, even if they were ignored.

    The first one lets a round of work finish. A second one ends it at once: it leaves the body of the `with` statement.
    """
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    told = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal told
        if told:
            raise KeyboardInterrupt
        told = True
        os.write(writes, b"\0")

    before = {each: signal.signal(each, stop) for each in STOPPING}
    try:
        with suppress(KeyboardInterrupt):
            yield Interrupts(reads)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        os.close(reads)
        os.close(writes)


def heed_sigint() -> None:
    """Let SIGINT raise KeyboardInterrupt, even if it was ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
