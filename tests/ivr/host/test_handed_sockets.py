"""Ports that are held for the service while it is away."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.host.handed_sockets import HandedSockets
from ivr.host.settings import Settings
from tests.repository import ROOT


@pytest.fixture
def held() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held


def handed(held: socket.socket, **environment: str) -> HandedSockets:
    told = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "agi", **environment}
    sockets = HandedSockets(told, first=os.dup(held.fileno()))
    assert told == {}
    return sockets


def test_a_socket_is_taken_by_its_address_and_once(held: socket.socket) -> None:
    address = held.getsockname()
    sockets = handed(held)
    assert sockets.take("127.0.0.1", 1) is None
    taken = sockets.take(*address)
    assert taken is not None
    with taken:
        assert taken.getsockname() == address
        assert not taken.get_inheritable()
    assert sockets.take(*address) is None


def test_what_nobody_takes_is_told(held: socket.socket) -> None:
    sockets = handed(held)
    host, port = held.getsockname()
    assert sockets.left == [f"{host}:{port}"]
    taken = sockets.take(host, port)
    assert taken is not None
    taken.close()
    assert sockets.left == []


@pytest.mark.parametrize("told", [{"LISTEN_PID": "1"}, {"LISTEN_FDS": "none"}, {"LISTEN_FDS": ""}, {"LISTEN_FDS": "0"}])
def test_what_is_for_another_process_or_makes_no_sense_is_left_alone(held: socket.socket, told: dict[str, str]) -> None:
    sockets = handed(held, **told)
    assert sockets.take(*held.getsockname()) is None


def test_the_units_hold_the_ports_that_the_service_has_by_default() -> None:
    settings = Settings.load(state_dir=Path("/unused"))
    unit = (ROOT / "docker" / "systemd" / "karipass.socket").read_text(encoding="utf-8")
    addresses = {line.removeprefix("ListenStream=") for line in unit.splitlines() if line.startswith("ListenStream=")}
    assert addresses == {
        f"{settings.agi_host}:{settings.agi_port}",
        f"{settings.audiosocket_host}:{settings.audiosocket_port}",
        f"{settings.health_host}:{settings.health_port}",
    }
