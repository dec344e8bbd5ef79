"""The processor time and the memory of each part of a load."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ivr.host.usage import all_usages, descendants

_MIB: Final = 1 << 20


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
