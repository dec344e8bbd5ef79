"""What all programs of a house have in common: each can be killed, frozen and started again."""

from __future__ import annotations

import os
import signal
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Final

from ivr.host.usage import all_usages, descendants

_GONE_S: Final = 10.0
_POLL_S: Final = 0.02


class Part(ABC):
    """A program of the house, with all processes that it has started."""

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """Its first process; None if it does not run."""

    @abstractmethod
    def start(self) -> None:
        """Start it, and wait until it works. Nothing happens if it runs.

        Raises:
            ExchangeError: it did not come up; the text says why.
        """

    @abstractmethod
    def stop(self) -> None:
        """Let it end in order, and wait for that. Nothing happens if it does not run."""

    @property
    def running(self) -> bool:
        """Whether it runs; frozen, it does."""
        return self.pid is not None

    def kill(self) -> None:
        """Kill it (SIGKILL), as when its host loses power: it has no chance to say anything."""
        pids = self._signal(signal.SIGKILL)
        give_up = time.monotonic() + _GONE_S
        while (self.running or any(_lives(pid) for pid in pids)) and time.monotonic() < give_up:
            time.sleep(_POLL_S)

    def freeze(self) -> None:
        """Stop it where it is (SIGSTOP): its connections stay, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> list[int]:
        pids = descendants(all_usages(), self.pid or -1)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return pids


def _lives(pid: int) -> bool:
    """Whether a process still runs. (One that was killed stays in /proc until its parent has looked.)"""
    with suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:  # noqa: PTH123
        return stat.read().rpartition(")")[2].split()[0] != "Z"
    return False
