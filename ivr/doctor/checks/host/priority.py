"""Checks whether the media clock keeps its time on a busy host."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, ok, warning
from ivr.doctor.port_holder import holder_of
from ivr.doctor.site import Site
from ivr.host.clock_priority import COST, REMEDY, Scheduling, scheduling_of, take_priority
from ivr.host.usage import all_usages, descendants
from ivr.service.workers.process import PROCESS_NAME


def priority(site: Site) -> Iterator[Finding]:
    """Whether the thread of the media clock has real-time priority, or would get it."""
    holder = holder_of(site.settings.agi_port)
    running = None
    if holder is not None and holder.service in ("serve", "up"):
        with contextlib.suppress(OSError):
            running = scheduling_of(_clock_of(holder.pid))
    if running is not None:
        yield _judged(running, "the running service's clock has")
    else:
        # This check has a thread of its own, which ends with it.
        yield _judged(take_priority(), "a service started by this user, with this shell's limits, would get")


def _clock_of(service: int) -> int:
    """Find a worker of a service: the main thread of a worker is the clock's."""
    usages = all_usages()
    workers = [pid for pid in descendants(usages, service) if usages[pid].name == PROCESS_NAME]
    return workers[0] if workers else service


def _judged(scheduling: Scheduling, has: str) -> Finding:
    if scheduling.real_time:
        return ok(f"{has} real-time priority {scheduling.real_time}")
    return warning(f"{has} no real-time priority (niceness {scheduling.niceness}): {COST}", REMEDY)


CHECKS: Final = (Check("priority", priority),)
