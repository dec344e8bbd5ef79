"""What each process of this machine uses, and which ones a process has started, from /proc."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far.

    Attributes:
        parent: the process that started it.
        name: its name in /proc.
        processor_s: seconds of a processor.
        memory: octets in memory now.
    """

    parent: int
    name: str
    processor_s: float
    memory: int


def all_usages() -> dict[int, Usage]:
    """Read what each process of this machine has used."""
    found = {}
    for path in _PROC.glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            found[int(path.name)] = parse_usage((path / "stat").read_text(), (path / "statm").read_text())
    return found


def parse_usage(stat: str, statm: str) -> Usage:
    """Read the content of /proc/PID/stat and /proc/PID/statm (proc(5)). A process's name may have any character."""
    head, _, tail = stat.rpartition(")")
    fields = tail.split()
    return Usage(
        parent=int(fields[1]),
        name=head.partition("(")[2],
        processor_s=(int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND,
        memory=int(statm.split()[1]) * _PAGE,
    )


def descendants(usages: Mapping[int, Usage], root: int) -> list[int]:
    """List a process and all those that it has started, by itself or by others that it started."""
    found = [root] if root in usages else []
    for pid in found:
        found += [child for child, usage in usages.items() if usage.parent == pid]
    return found


def waited_for_processor_s(pid: int) -> float | None:
    """Say for how many seconds a process's threads have waited for a processor, all together.

    None where Linux does not tell (it counts that if built with CONFIG_SCHED_INFO: /proc/PID/task/TID/schedstat, of the
    kernel's sched-stats.rst), and if there is no such process.
    """
    waits = []
    for thread in (_PROC / str(pid) / "task").glob("*"):
        with suppress(OSError):  # it has ended meanwhile
            waits.append(int((thread / "schedstat").read_text().split()[1]) / 1e9)
    return sum(waits) if waits else None
