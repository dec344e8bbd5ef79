"""The faults that are done to a house of two hosts, a and b, one after the other."""

from __future__ import annotations

from functools import partial
from typing import Final

from ivr.lab.faults.fault import Fault
from ivr.lab.faults.kinds.databases import failed_over, slow_database, switched_over
from ivr.lab.faults.kinds.machines import full_disk, read_only_state, wrong_clock
from ivr.lab.faults.kinds.networks import (
    cut,
    host_unheard_by_store,
    late,
    lossy,
    one_way_audio,
    store_cut,
    store_unheard_by_host,
)
from ivr.lab.faults.kinds.operating import certificate_renewal, drained, key_rotation, rolling_upgrade
from ivr.lab.faults.kinds.processes import frozen, host_down, killed, killed_process, no_memory
from ivr.lab.faults.kinds.strangers import SERVICE_PORTS, idle_connections
from ivr.lab.hosts.many_hosts import ManyHosts
from ivr.lab.hosts.parts import Part
from ivr.lab.hosts.site import SITE_PORT
from ivr.service.workers.process import PROCESS_NAME as WORKER

_STORE_PROCESS: Final = "karipass-store"
_HOUR_S: Final = 3600


def _exchange(house: ManyHosts) -> Part:
    return house.host("a").exchange


def _service(house: ManyHosts) -> Part:
    return house.host("a").service


def _site(house: ManyHosts) -> Part:
    return house.host("a").parts["site"]


def _proxy(house: ManyHosts) -> Part:
    return house.proxy


def _database(house: ManyHosts) -> Part:
    return house.database


EVERY: Final = (
    Fault("a worker is killed", partial(killed_process, name=WORKER)),
    Fault("a store process is killed", partial(killed_process, name=_STORE_PROCESS)),
    Fault("a service is killed", partial(killed, part=_service), 10),
    Fault("a service is frozen", partial(frozen, part=_service), 15),
    Fault("an Asterisk is killed", partial(killed, part=_exchange), 10),
    Fault("an Asterisk is frozen", partial(frozen, part=_exchange), 15),
    Fault("Kamailio is killed", partial(killed, part=_proxy), 1),
    Fault("a settings site is killed", partial(killed, part=_site), 10),
    Fault("a settings site is frozen", partial(frozen, part=_site), 15),
    Fault("PostgreSQL is killed", partial(killed, part=_database), 3),
    Fault("PostgreSQL's host vanishes, its replica takes over", failed_over, 20),
    Fault("PostgreSQL is switched over in order", switched_over, 10),
    Fault("a host goes down", host_down, 20),
    Fault("the store is away for 30 s", store_cut, 30),
    Fault("the store takes 2 s a statement", slow_database, 30),
    Fault("the hosts do not reach each other", partial(cut, node="a", other="b"), 20),
    Fault("a host's words do not reach the store", host_unheard_by_store, 20),
    Fault("the store's words do not reach a host", store_unheard_by_host, 20),
    Fault("a host is cut off", partial(cut, node="a"), 20),
    Fault("1 % of the packets are lost", partial(lossy, share=0.01), 30),
    Fault("3 % of the packets are lost", partial(lossy, share=0.03), 30),
    Fault("5 % of the packets are lost", partial(lossy, share=0.05), 30),
    Fault("packets come up to 40 ms late", partial(late, overtaking=False), 30),
    Fault("packets overtake each other", partial(late, overtaking=True), 30),
    Fault("a host hears nobody", one_way_audio, 20),
    Fault("the store's disk is full", full_disk, 20),
    Fault("a host's disk is full: logs, state", partial(full_disk, node="a"), 20),
    Fault("a host's state cannot be written", read_only_state, 20),
    Fault("a host's clock is a day ahead", partial(wrong_clock, ahead_s=24 * _HOUR_S), 20),
    Fault("a host's clock is an hour behind", partial(wrong_clock, ahead_s=-_HOUR_S), 20),
    Fault("a host's clock jumps by 3 s", partial(wrong_clock, ahead_s=3), 20),
    Fault("a worker gets no more memory", no_memory, 20),
    Fault("5,000 idle connections to each port", partial(idle_connections, ports=SERVICE_PORTS), 20),
    Fault(
        "5,000 that begin a request and wait",
        partial(idle_connections, ports=SERVICE_PORTS, words=b"agi_network: yes\n"),
        20,
    ),
    Fault("5,000 idle connections to a settings site", partial(idle_connections, ports=(SITE_PORT,)), 20),
    Fault("a host is drained", drained, 20),
    Fault("a rolling upgrade", rolling_upgrade, 10),
    Fault("a new key comes into use", key_rotation, 10),
    Fault("the sites get a new certificate", certificate_renewal, 10),
)
"""All of them. Each is mended before the next begins."""
