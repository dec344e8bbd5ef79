"""Programs that die or stand still, and hosts that go down."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from ivr.host.usage import all_usages, descendants
from ivr.lab.hosts.many_hosts import ManyHosts
from ivr.lab.hosts.parts import Part
from ivr.service.workers.process import PROCESS_NAME as WORKER

_LITTLE_MEMORY: Final = 64 * 1024 * 1024


@contextmanager
def killed_process(house: ManyHosts, *, name: str) -> Iterator[None]:
    """Kill one process of host a's service; whoever started it starts it again."""
    usages = all_usages()
    for pid in descendants(usages, house.host("a").service.pid or -1):
        if usages[pid].name == name:
            os.kill(pid, signal.SIGKILL)
            break
    yield


@contextmanager
def killed(house: ManyHosts, *, part: Callable[[ManyHosts], Part]) -> Iterator[None]:
    """Kill a program with all its processes, and start it again."""
    part(house).kill()
    yield
    part(house).start()


@contextmanager
def frozen(house: ManyHosts, *, part: Callable[[ManyHosts], Part]) -> Iterator[None]:
    """Let a program stand still, with its connections open."""
    part(house).freeze()
    yield
    part(house).thaw()


@contextmanager
def host_down(house: ManyHosts) -> Iterator[None]:
    """Take host b out of the network, and kill all that runs on it."""
    host = house.host("b")
    house.network.cut("b")
    for part in host.parts.values():
        part.kill()
    yield
    house.network.heal("b")
    for part in host.parts.values():
        part.start()


@contextmanager
def no_memory(house: ManyHosts) -> Iterator[None]:
    """Let host a's workers have hardly more memory than they have."""
    from resource import RLIM_INFINITY, RLIMIT_AS, prlimit

    usages = all_usages()
    workers = [pid for pid in descendants(usages, house.host("a").service.pid or -1) if usages[pid].name == WORKER]
    for pid in workers:
        prlimit(pid, RLIMIT_AS, (_address_space(pid) + _LITTLE_MEMORY, RLIM_INFINITY))
    yield
    for pid in workers:
        with suppress(ProcessLookupError):
            prlimit(pid, RLIMIT_AS, (RLIM_INFINITY, RLIM_INFINITY))


def _address_space(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:  # noqa: PTH123
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
