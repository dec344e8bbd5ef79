"""Networks that are cut, lossy or slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ivr.lab.hosts.many_hosts import CALLERS, ManyHosts

_JITTER_S: Final = 0.04


@contextmanager
def cut(house: ManyHosts, *, node: str, other: str = "", one_way: bool = False) -> Iterator[None]:
    """Cut a node from another one, or from all."""
    house.network.cut(node, other, one_way=one_way)
    yield
    house.network.heal()


@contextmanager
def store_cut(house: ManyHosts) -> Iterator[None]:
    """Cut the database's node from all."""
    with cut(house, node=house.database.node):
        yield


@contextmanager
def host_unheard_by_store(house: ManyHosts) -> Iterator[None]:
    """Let what host a says not reach the database."""
    with cut(house, node="a", other=house.database.node, one_way=True):
        yield


@contextmanager
def store_unheard_by_host(house: ManyHosts) -> Iterator[None]:
    """Let what the database says not reach host a."""
    with cut(house, node=house.database.node, other="a", one_way=True):
        yield


@contextmanager
def lossy(house: ManyHosts, *, share: float) -> Iterator[None]:
    """Lose a share of the callers' packets, in both directions."""
    house.network.lose(share, CALLERS)
    yield
    house.network.heal()


@contextmanager
def late(house: ManyHosts, *, overtaking: bool) -> Iterator[None]:
    """Hold each of the callers' packets up for up to 40 ms, in both directions."""
    with house.network.slow(CALLERS, _JITTER_S, overtaking=overtaking):
        yield


@contextmanager
def one_way_audio(house: ManyHosts) -> Iterator[None]:
    """Have host a hear nobody; its callers hear it."""
    house.network.mute(CALLERS, "a", house.host("a").exchange.audio_ports)
    yield
    house.network.heal()
