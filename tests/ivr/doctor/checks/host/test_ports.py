"""The doctor's findings about the ports."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ivr.doctor import Level
from ivr.doctor.checks.host import ports
from ivr.doctor.port_holder import Process
from ivr.errors import PortTaken
from ivr.host.ports import Port
from tests.ivr.doctor.examined import free_ports, looked, site_of, wrong


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def fastagi(port: int, host: str = "127.0.0.1") -> Port:
    return Port("FastAGI", host, port, "KARIPASS_AGI_PORT")


def held_by(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(ports, "holder_of", lambda *_port: Process(7, tuple(command.split())))


def test_a_free_port_is_well(port: int) -> None:
    assert ports.port_finding(fastagi(port)).level is Level.OK


def test_a_port_that_another_process_holds_is_an_error_that_names_it(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        finding = ports.port_finding(fastagi(port))
    assert finding.level is Level.ERROR
    assert str(os.getpid()) in finding.text
    assert "KARIPASS_AGI_PORT" in finding.remedy


@pytest.mark.parametrize(
    ("command", "service"),
    [
        ("/opt/bin/python /opt/bin/ivr serve", "serve"),
        ("/opt/bin/ivr up --log-level info", "up"),
        ("/opt/bin/python3.11 -m ivr console --log-level warning", "console"),
        ("/opt/bin/python /opt/bin/ivr portal", "portal"),
        ("/opt/bin/python /opt/bin/ivr calls --outcome serve", None),
        ("/opt/bin/python -m http.server", None),
        ("/usr/bin/vim ivr serve", None),
        ("", None),
    ],
)
def test_a_service_is_known_by_its_command(command: str, service: str | None) -> None:
    assert Process(7, tuple(command.split())).service == service


def test_a_port_that_its_own_service_holds_is_well(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    held_by(monkeypatch, "/opt/bin/python -m ivr console")
    of_console = Port("console", "127.0.0.1", port, "KARIPASS_CONSOLE_PORT", ("console",))
    with socket.create_server(("127.0.0.1", port)):
        finding = ports.port_finding(of_console)
        strange = ports.port_finding(fastagi(port))
    assert (finding.level, finding.text) == (
        Level.OK,
        f"console 127.0.0.1:{port} is held by `ivr console` (process 7)",
    )
    assert strange.level is Level.ERROR


def test_a_long_command_is_cut_between_words() -> None:
    shown = str(Process(7, ("/opt/bin/python", "-m", "http.server", "x" * 60, "y" * 60)))
    assert shown == f"process 7 (/opt/bin/python -m http.server {'x' * 60} ...)"
    assert str(Process(7, ("z" * 200,))) == f"process 7 ({'z' * 200})"


def test_an_address_of_another_host_is_an_error() -> None:
    finding = ports.port_finding(fastagi(4573, "192.0.2.1"))
    assert finding.level is Level.ERROR
    assert "_HOST" in finding.remedy


def test_who_needs_a_port_that_is_taken_is_told_who_holds_it_once(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortTaken) as taken:
        ports.require_free([fastagi(port)])
    assert f"process {os.getpid()} (" in str(taken.value)
    assert str(taken.value).endswith("stop it, or set KARIPASS_AGI_PORT")
    assert str(taken.value).count(str(port)) == 1
    ports.require_free([fastagi(port)])


def test_a_second_service_is_told_of_the_first(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    held_by(monkeypatch, "/opt/bin/python /opt/bin/ivr up")
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortTaken) as taken:
        ports.require_free([fastagi(port)])
    assert str(taken.value) == (
        f"FastAGI 127.0.0.1:{port} is held by `ivr up` (process 7): stop it, or set KARIPASS_AGI_PORT"
    )


def test_a_port_given_twice_is_an_error(tmp_path: Path, port: int) -> None:
    settings = {**free_ports(), "agi_port": port, "health_port": port}
    found = wrong(looked(ports.CHECKS, site_of(tmp_path, **settings)))
    assert [str(port) in finding.text for finding in found if finding.level is Level.ERROR] == [True, True]
