"""The processor time and the memory of each part of a load, from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MIB: Final = 1 << 20


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PartUse:
    """What one process of a part has used while it was watched.

    Attributes:
        part: the part.
        name: the process's name.
        cores: its processor time, as a share of one processor.
        memory_mib: the most memory that it had.
        grown_mib: by how much that is more than at the start.
    """

    part: str
    name: str
    cores: float
    memory_mib: float
    grown_mib: float


@dataclass(slots=True)
class _Seen:
    part: str
    name: str
    began_s: float
    now_s: float
    memory_at_first: int
    most_memory: int


class ProcessWatch:
    """Watches the processes of some parts, and those that they start.

    Args:
        parts: the first process of each part.
    """

    def __init__(self, parts: Mapping[str, int]) -> None:
        self._parts = dict(parts)
        self._seen: dict[int, _Seen] = {}
        self._began = self._now = time.monotonic()
        self._look(new_from_start=False)

    def look(self) -> None:
        """Note what each process has used. A process that ends between two looks has used what the first one saw."""
        self._look(new_from_start=True)

    def used(self) -> list[PartUse]:
        """What each process has used between the first look and the last one, part by part."""
        seconds = max(self._now - self._began, 1e-9)
        return [
            PartUse(
                part=seen.part,
                name=seen.name,
                cores=(seen.now_s - seen.began_s) / seconds,
                memory_mib=seen.most_memory / _MIB,
                grown_mib=(seen.most_memory - seen.memory_at_first) / _MIB,
            )
            for part in self._parts
            for seen in self._seen.values()
            if seen.part == part
        ]

    def _look(self, *, new_from_start: bool) -> None:
        self._now = time.monotonic()
        usages = all_usages()
        for part, root in self._parts.items():
            for pid in descendants(usages, root):
                usage = usages[pid]
                began_s = 0.0 if new_from_start else usage.processor_s
                seen = self._seen.setdefault(
                    pid, _Seen(part, usage.name, began_s, usage.processor_s, usage.memory, usage.memory)
                )
                seen.name = usage.name
                seen.now_s = usage.processor_s
                seen.most_memory = max(seen.most_memory, usage.memory)


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
