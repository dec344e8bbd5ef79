"""Ports of an instance: the default ones, or free ones; what the environment sets stays."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ivr.cli.serving.free_ports import with_free_ports
from ivr.errors import PortTaken
from ivr.host.port_marks import marked, marked_ranges
from ivr.host.ports import Transport, console_port, exchange_ports, service_ports
from ivr.host.settings import Settings
from ivr.lab.free_ports import free_tcp_ports, free_udp_ports

TCP = ("agi_port", "audiosocket_port", "health_port", "console_port", "ami_port")


@pytest.fixture
def defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings whose defaults are free on this machine, as if the product had them."""
    for name in [name for name in os.environ if name.startswith("KARIPASS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path))
    sip_port, rtp_first = free_udp_ports(40)
    ports = {**dict.fromkeys(TCP, 0), "sip_port": sip_port}
    ports |= dict(zip(TCP, free_tcp_ports(len(TCP)), strict=True))
    settings = Settings.from_environment()
    # Not by a constructor, which would count them as set.
    return settings.model_construct(
        settings.model_fields_set, **{**dict(settings), **ports, "rtp_ports": f"{rtp_first}-{rtp_first + 39}"}
    )


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def hold(held: ExitStack, number: int, transport: Transport = Transport.TCP) -> None:
    if transport is Transport.TCP:
        held.enter_context(socket.create_server(("127.0.0.1", number)))
    else:
        taken = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        taken.bind(("127.0.0.1", number))


def numbers(settings: Settings) -> list[tuple[Transport, int]]:
    ports = [*service_ports(settings), console_port(settings), *exchange_ports(settings)]
    return [(port.transport, number) for port in ports for number in port.numbers]


def test_where_all_are_free_the_default_ones_are_taken(defaults: Settings) -> None:
    settings, moved = with_free_ports(defaults)
    assert numbers(settings) == numbers(defaults)
    assert moved == []


def test_whichever_are_taken_are_replaced_and_named_and_no_number_is_given_twice(
    defaults: Settings, held: ExitStack
) -> None:
    for name in TCP:
        hold(held, getattr(defaults, name))
    hold(held, defaults.sip_port, Transport.UDP)
    hold(held, defaults.rtp_range[0] + 7, Transport.UDP)
    settings, moved = with_free_ports(defaults)
    assert len(set(numbers(settings))) == len(numbers(defaults))
    assert not {(Transport.TCP, getattr(defaults, name)) for name in TCP} & set(numbers(settings))
    assert {each.default.name for each in moved} == {
        *("FastAGI", "AudioSocket", "health", "console", "SIP", "AMI", "RTP")
    }
    assert f"FastAGI {settings.agi_port} (not {defaults.agi_port})" in map(str, moved)
    assert f"RTP {settings.rtp_ports} (not {defaults.rtp_ports})" in map(str, moved)


def test_a_range_that_another_instance_will_use_is_left_to_it(defaults: Settings) -> None:
    first, last = defaults.rtp_range
    with marked(range(first + 5, last + 50)):
        assert range(first + 5, last + 50) in marked_ranges()
        settings, _ = with_free_ports(defaults)
    assert settings.rtp_range[0] >= last + 50
    assert range(first + 5, last + 50) not in marked_ranges()


def test_what_the_environment_sets_is_never_moved_and_all_that_is_taken_is_named_at_once(
    defaults: Settings, held: ExitStack
) -> None:
    ports = {"agi_port": defaults.agi_port, "sip_port": defaults.sip_port}
    hold(held, defaults.agi_port)
    hold(held, defaults.sip_port, Transport.UDP)
    with pytest.raises(PortTaken) as taken:
        with_free_ports(defaults.model_copy(update=ports))
    fastagi, sip = str(taken.value).splitlines()
    assert fastagi.startswith(f"FastAGI 127.0.0.1:{defaults.agi_port} is held by process {os.getpid()} (")
    assert fastagi.endswith("stop it, or set KARIPASS_AGI_PORT")
    assert sip.startswith(f"SIP 127.0.0.1:{defaults.sip_port} is held by process {os.getpid()} (")
    assert sip.endswith("stop it, or set KARIPASS_SIP_PORT")


def test_one_number_for_two_settings_is_an_error_and_a_default_one_makes_room(defaults: Settings) -> None:
    both = defaults.model_copy(update={"agi_port": defaults.agi_port, "health_port": defaults.agi_port})
    with pytest.raises(PortTaken, match=f"KARIPASS_HEALTH_PORT={defaults.agi_port}: another of our ports"):
        with_free_ports(both)
    settings, _ = with_free_ports(defaults.model_copy(update={"agi_port": defaults.console_port}))
    assert settings.agi_port == defaults.console_port
    assert settings.console_port != defaults.console_port


def test_an_address_that_this_machine_has_not_is_named(defaults: Settings) -> None:
    with pytest.raises(PortTaken, match=r"FastAGI 192\.0\.2\.1:.*KARIPASS_AGI_PORT or its _HOST"):
        with_free_ports(defaults.model_copy(update={"agi_host": "192.0.2.1"}))
