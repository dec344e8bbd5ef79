"""Checks how many files the service may have open."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, ok, warning
from ivr.doctor.port_holder import holder_of
from ivr.doctor.site import Site
from ivr.host.process_limits import calls_within, files_allowed, files_for

_LINE: Final = "Max open files"


def files(site: Site) -> Iterator[Finding]:
    """Whether the service may open enough files for all the calls that it may take at once."""
    wanted = site.settings.calls
    holder = holder_of(site.settings.agi_port)
    running = holder and holder.service and _soft_limit(Path(f"/proc/{holder.pid}/limits"))
    whose, allowed = ("the service", running) if running else ("a service started from here", files_allowed(wanted))
    enough = calls_within(allowed)
    if enough < wanted:
        yield warning(
            f"{whose} may have {allowed} files open: enough for {enough} calls at once, not for {wanted}",
            f"LimitNOFILE={files_for(wanted)} in its unit, ulimit -n before it is started, or a lower KARIPASS_CALLS",
        )
    else:
        yield ok(f"{whose} may have {allowed} open, enough for {wanted} calls at once")


def _soft_limit(path: Path) -> int | None:
    """The soft limit in /proc/PID/limits (proc(5)); None if it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii").splitlines():
            if line.startswith(_LINE):
                return int(line.removeprefix(_LINE).split()[0])
    return None


CHECKS: Final = (Check("files", files),)
