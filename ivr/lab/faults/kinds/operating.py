"""What operators do by day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from credentials.secrets.keys import Key, KeyRing
from ivr.lab.hosts.many_hosts import ManyHosts


@contextmanager
def rolling_upgrade(house: ManyHosts) -> Iterator[None]:
    """Replace all workers and all settings sites, host by host, by what is installed now."""
    for host in house.hosts.values():
        host.service.reload()
        if host.site is not None:
            host.site.stop()
            host.site.start()
    yield


@contextmanager
def key_rotation(house: ManyHosts) -> Iterator[None]:
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
def certificate_renewal(house: ManyHosts) -> Iterator[None]:
    """Give the settings sites a new certificate."""
    house.renew_certificate()
    for host in house.hosts.values():
        if host.site is not None:
            host.site.renew()
    yield


@contextmanager
def drained(house: ManyHosts) -> Iterator[None]:
    """Give host a's Asterisk no new calls for a while."""
    house.proxy.drain("a")
    yield
    house.proxy.fill("a")
