"""The faults that are done to a house of two hosts, a and b, one after the other."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Final

from credentials.secrets.keys import Key, KeyRing
from ivr.host.usage import all_usages, descendants
from ivr.lab.faults.fault import Fault
from ivr.lab.hosts.database import NODE as DATABASE
from ivr.lab.hosts.host import AGI_PORT
from ivr.lab.hosts.many_hosts import CALLERS, STRANGER, ManyHosts
from ivr.lab.hosts.network import enter
from ivr.lab.hosts.parts import Part
from ivr.service.workers.process import PROCESS_NAME as WORKER

_STORE_PROCESS: Final = "karipass-store"
_AUDIO_PORT: Final = 4574
_HEALTH_PORT: Final = 4575
_IDLE: Final = 5000
_ANSWER_EVERY_S: Final = 2.0
_ANSWER_FOR_S: Final = 0.1
_LITTLE_MEMORY: Final = 64 * 1024 * 1024


# --- processes ----------------------------------------------------------------------------------------------


@contextmanager
def _killed_process(house: ManyHosts, *, name: str) -> Iterator[None]:
    """Kill one process of host a's service; whoever started it starts it again."""
    usages = all_usages()
    for pid in descendants(usages, house.host("a").service.pid or -1):
        if usages[pid].name == name:
            os.kill(pid, signal.SIGKILL)
            break
    yield


@contextmanager
def _killed(house: ManyHosts, *, part: Callable[[ManyHosts], Part]) -> Iterator[None]:
    part(house).kill()
    yield
    part(house).start()


@contextmanager
def _frozen(house: ManyHosts, *, part: Callable[[ManyHosts], Part]) -> Iterator[None]:
    part(house).freeze()
    yield
    part(house).thaw()


@contextmanager
def _host_down(house: ManyHosts) -> Iterator[None]:
    """Take host b out of the network, and kill all that runs on it."""
    host = house.host("b")
    house.network.cut("b")
    host.exchange.kill()
    host.service.kill()
    yield
    house.network.heal("b")
    host.exchange.start()
    host.service.start()


@contextmanager
def _slow_database(house: ManyHosts) -> Iterator[None]:
    """Let the database work for a moment every two seconds, so that each statement takes about as long."""
    over = threading.Event()

    def stutter() -> None:
        while not over.wait(_ANSWER_FOR_S):
            house.database.freeze()
            over.wait(_ANSWER_EVERY_S - _ANSWER_FOR_S)
            house.database.thaw()

    thread = threading.Thread(target=stutter, name="stutter")
    thread.start()
    yield
    over.set()
    thread.join()
    house.database.thaw()


# --- the network --------------------------------------------------------------------------------------------


@contextmanager
def _cut(house: ManyHosts, *, node: str, other: str = "", one_way: bool = False) -> Iterator[None]:
    house.network.cut(node, other, one_way=one_way)
    yield
    house.network.heal()


@contextmanager
def _lossy(house: ManyHosts, *, share: float) -> Iterator[None]:
    house.network.lose(share, CALLERS)
    yield
    house.network.heal()


@contextmanager
def _one_way_audio(house: ManyHosts) -> Iterator[None]:
    """Have host a hear nobody; its callers hear it."""
    house.network.mute(CALLERS, "a", house.host("a").exchange.audio_ports)
    yield
    house.network.heal()


# --- disks and memory ---------------------------------------------------------------------------------------


@contextmanager
def _full_disk(house: ManyHosts, *, node: str) -> Iterator[None]:
    house.disks[node].fill()
    yield
    house.disks[node].empty()


@contextmanager
def _no_memory(house: ManyHosts) -> Iterator[None]:
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


# --- strangers ----------------------------------------------------------------------------------------------


@contextmanager
def _idle_connections(house: ManyHosts, *, words: bytes = b"") -> Iterator[None]:
    """Open thousands of connections to each port of host a's service, from where nobody is trusted."""
    with ExitStack() as opened:
        thread = threading.Thread(target=_connect, args=(house, opened, words), name="strangers")
        thread.start()
        thread.join()
        yield


def _connect(house: ManyHosts, opened: ExitStack, words: bytes) -> None:
    enter(house.network.namespace(STRANGER))
    address = house.network.address("a")
    for port in (AGI_PORT, _AUDIO_PORT, _HEALTH_PORT):
        for _ in range(_IDLE):
            with suppress(OSError):
                connection = opened.enter_context(socket.create_connection((address, port), timeout=0.2))
                if words:
                    connection.send(words)


# --- what operators do --------------------------------------------------------------------------------------


@contextmanager
def _rolling_upgrade(house: ManyHosts) -> Iterator[None]:
    """Replace all workers, host by host, by what is installed now."""
    for host in house.hosts.values():
        host.service.reload()
    yield


@contextmanager
def _key_rotation(house: ManyHosts) -> Iterator[None]:
    """Bring a new key to all hosts, and then into use."""
    key = Key.generate()
    KeyRing.add_to_file(house.key_file, key)
    for host in house.hosts.values():
        host.service.reload()
    KeyRing.lead_file(house.key_file, key.key_id)
    for host in house.hosts.values():
        host.service.reload()
    yield


@contextmanager
def _drained(house: ManyHosts) -> Iterator[None]:
    house.proxy.drain("a")
    yield
    house.proxy.fill("a")


def _exchange(house: ManyHosts) -> Part:
    return house.host("a").exchange


def _service(house: ManyHosts) -> Part:
    return house.host("a").service


def _proxy(house: ManyHosts) -> Part:
    return house.proxy


def _database(house: ManyHosts) -> Part:
    return house.database


EVERY: Final = (
    Fault("a worker is killed", partial(_killed_process, name=WORKER)),
    Fault("a store process is killed", partial(_killed_process, name=_STORE_PROCESS)),
    Fault("a service is killed", partial(_killed, part=_service), 10),
    Fault("a service is frozen", partial(_frozen, part=_service), 15),
    Fault("an Asterisk is killed", partial(_killed, part=_exchange), 10),
    Fault("an Asterisk is frozen", partial(_frozen, part=_exchange), 15),
    Fault("Kamailio is killed", partial(_killed, part=_proxy), 1),
    Fault("PostgreSQL is killed", partial(_killed, part=_database), 3),
    Fault("a host goes down", _host_down, 20),
    Fault("the store is away for 30 s", partial(_cut, node=DATABASE), 30),
    Fault("the store takes 2 s a statement", _slow_database, 30),
    Fault("the hosts do not reach each other", partial(_cut, node="a", other="b"), 20),
    Fault("a host's words do not reach the store", partial(_cut, node="a", other=DATABASE, one_way=True), 20),
    Fault("the store's words do not reach a host", partial(_cut, node=DATABASE, other="a", one_way=True), 20),
    Fault("a host is cut off", partial(_cut, node="a"), 20),
    Fault("1 % of the packets are lost", partial(_lossy, share=0.01), 30),
    Fault("3 % of the packets are lost", partial(_lossy, share=0.03), 30),
    Fault("5 % of the packets are lost", partial(_lossy, share=0.05), 30),
    Fault("a host hears nobody", _one_way_audio, 20),
    Fault("the store's disk is full", partial(_full_disk, node=DATABASE), 20),
    Fault("a host's disk is full: logs, state", partial(_full_disk, node="a"), 20),
    Fault("a worker gets no more memory", _no_memory, 20),
    Fault("5,000 idle connections to each port", _idle_connections, 20),
    Fault("5,000 that begin a request and wait", partial(_idle_connections, words=b"agi_network: yes\n"), 20),
    Fault("a host is drained", _drained, 20),
    Fault("a rolling upgrade", _rolling_upgrade, 10),
    Fault("a new key comes into use", _key_rotation, 10),
)
"""All of them. Each is mended before the next begins."""
