"""Checks the room on the disks that the service writes to."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, error, ok, warning
from ivr.doctor.port_holder import holder_of
from ivr.doctor.site import Site

_MB: Final = 1_000_000
LEAST_BYTES: Final = 500 * _MB
"""Less is too little on any disk: it must hold a busy day's records and logs."""
LEAST_SHARE: Final = 0.05
ENOUGH_BYTES: Final = 5000 * _MB
"""This much is enough, whatever share of a large disk it is."""
FULL_BYTES: Final = 100 * _MB
"""With less the disk will soon be full: the log of changes beside an SQLite file takes some, and each call a little."""
_LOGS: Final = Path("/var/log")
"""The folder of a system's journal and logs."""


def disk(site: Site) -> Iterator[Finding]:
    """Whether the disks of the store, the records and the logs have room."""
    seen: set[int] = set()
    for what, wanted in _places(site):
        with contextlib.suppress(OSError):
            folder = _existing(wanted)
            device = folder.stat().st_dev
            if device not in seen:
                seen.add(device)
                yield _room(what, folder)


def _room(what: str, folder: Path) -> Finding:
    total, _, free = shutil.disk_usage(folder)
    left = f"{folder} ({what}) has {free // _MB:,} MB left of {total // _MB:,} MB"
    if free < FULL_BYTES:
        return error(left, "make room at once: soon nobody can set a password")
    if free < max(LEAST_BYTES, min(LEAST_SHARE * total, ENOUGH_BYTES)):
        return warning(
            left, "make room, or move it to a larger disk; a lower KARIPASS_RECORDS_DAYS keeps fewer records"
        )
    return ok(left)


def _places(site: Site) -> Iterator[tuple[str, Path]]:
    if site.store_file is not None:
        yield "store and records", site.store_file.absolute().parent
    yield "state", site.settings.state_dir.absolute()
    yield "logs", _log_folder(site.settings.agi_port)


def _log_folder(agi_port: int) -> Path:
    """The folder of the running service's log, if that is a file; otherwise the folder where the system keeps logs."""
    holder = holder_of(agi_port)
    with contextlib.suppress(OSError):
        written = Path(f"/proc/{holder.pid}/fd/2").readlink() if holder and holder.service else None
        if written is not None and written.is_file():
            return written.parent
    return _LOGS


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next((each for each in (folder, *folder.parents) if each.exists()), folder)


CHECKS: Final = (Check("disk", disk),)
