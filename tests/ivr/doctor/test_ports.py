"""What the doctor finds of the ports."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ivr.doctor import Level, ports
from tests.ivr.doctor.examined import free_ports, looked, site_of, wrong


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_a_free_port_is_well(port: int) -> None:
    assert ports.port_finding("FastAGI", "127.0.0.1", port, "KARIPASS_AGI_PORT").level is Level.OK


def test_a_port_that_another_process_holds_is_an_error_that_names_it(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        finding = ports.port_finding("FastAGI", "127.0.0.1", port, "KARIPASS_AGI_PORT")
    assert finding.level is Level.ERROR
    assert str(os.getpid()) in finding.text
    assert "KARIPASS_AGI_PORT" in finding.remedy


def test_a_port_that_the_service_holds_is_well(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "holder_of", lambda _port: ports.Process(7, "/opt/bin/python /opt/bin/ivr serve"))
    with socket.create_server(("127.0.0.1", port)):
        finding = ports.port_finding("FastAGI", "127.0.0.1", port, "KARIPASS_AGI_PORT")
    assert (finding.level, "process 7" in finding.text) == (Level.OK, True)


def test_an_address_of_another_host_is_an_error() -> None:
    finding = ports.port_finding("FastAGI", "192.0.2.1", 4573, "KARIPASS_AGI_PORT")
    assert finding.level is Level.ERROR
    assert "_HOST" in finding.remedy


def test_a_port_given_twice_is_an_error(tmp_path: Path, port: int) -> None:
    settings = {**free_ports(), "agi_port": port, "health_port": port}
    found = wrong(looked(ports.CHECKS, site_of(tmp_path, **settings)))
    assert [str(port) in finding.text for finding in found if finding.level is Level.ERROR] == [True, True]
