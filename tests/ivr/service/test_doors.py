"""The sockets at which calls come in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from ivr.errors import PortTaken
from ivr.host.handed_sockets import HandedSockets
from ivr.host.settings import Settings
from ivr.lab.free_ports import free_tcp_ports
from ivr.service.doors import AudioDoors, open_audio_door, open_door


@pytest.fixture
def ports() -> list[int]:
    return free_tcp_ports(3)


def doors(settings: Settings) -> Iterator[AudioDoors]:
    made = AudioDoors(settings, open_audio_door(settings, HandedSockets({})))
    yield made
    made.close()


def test_the_first_door_is_where_the_setting_says_and_is_used_again(ports: list[int]) -> None:
    for made in doors(Settings(audiosocket_port=ports[0])):
        first = made.take()
        assert first.getsockname()[1] == ports[0]
        second = made.take()
        assert second.getsockname()[1] != ports[0]
        made.give_back(first)
        assert made.take() is first


def test_more_doors_are_only_where_the_setting_allows_them(ports: list[int]) -> None:
    first, low, _ = ports
    settings = Settings(audiosocket_port=first, audiosocket_more_ports=f"{low}-{low + 1}")
    for made in doors(settings):
        made.take()
        assert made.take().getsockname()[1] in (low, low + 1)
        with suppress(PortTaken):  # another process of this machine may have the second
            assert made.take().getsockname()[1] == low + 1
        with pytest.raises(PortTaken, match="KARIPASS_AUDIOSOCKET_MORE_PORTS"):
            made.take()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", ""])
def test_a_host_can_be_written_in_every_way(host: str) -> None:
    with open_door(host, 0, "KARIPASS_AGI_PORT", HandedSockets({})) as door:
        assert door.getsockname()[1]


def test_a_host_that_is_not_ours_is_told_with_its_setting() -> None:
    for host in ("192.0.2.1", "no.such.host.invalid"):
        with pytest.raises(PortTaken, match=rf"{host}:4573 cannot be listened on .*: change KARIPASS_AGI_PORT"):
            open_door(host, 4573, "KARIPASS_AGI_PORT", HandedSockets({}))
