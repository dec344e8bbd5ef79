"""How much of the host's memory is free."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_MEMINFO: Final = Path("/proc/meminfo")


def free_share(meminfo: Path = _MEMINFO) -> float:
    """Return the share of the memory that programs can have without swapping; 1.0 where the system does not tell.

    Args:
        meminfo: Linux's file of that name (proc_meminfo(5)).
    """
    try:
        text = meminfo.read_text(encoding="ascii")
    except OSError:
        return 1.0
    values = {name: figure.split() for name, _, figure in (line.partition(":") for line in text.splitlines())}
    try:
        return int(values["MemAvailable"][0]) / int(values["MemTotal"][0])
    except (KeyError, IndexError, ValueError, ZeroDivisionError):
        return 1.0
