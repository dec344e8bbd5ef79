"""The doctor's findings about who can reach the ports."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ivr.doctor import Level
from ivr.doctor.checks.host import reach
from ivr.doctor.port_holder import addresses_of
from tests.ivr.doctor.examined import looked, site_of, worst, wrong


@pytest.fixture(autouse=True)
def _no_manager_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "addresses_of", lambda _port: [])


def test_by_default_nothing_is_reached_from_other_hosts(tmp_path: Path) -> None:
    assert worst(looked(reach.CHECKS, site_of(tmp_path))) is Level.OK


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("agi_host", "FastAGI"),
        ("audiosocket_host", "AudioSocket"),
        ("audiosocket_bind", "AudioSocket"),
        ("health_host", "health"),
        ("console_host", "console"),
        ("portal_host", "settings site"),
    ],
)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"])  # noqa: S104
def test_a_port_that_listens_for_other_hosts_is_named_with_the_setting_that_closes_it(
    tmp_path: Path, setting: str, name: str, host: str
) -> None:
    (finding,) = wrong(looked(reach.CHECKS, site_of(tmp_path, **{setting: host})))
    assert finding.level is Level.WARNING
    assert finding.text.startswith(f"{name} {host}:")
    assert f"KARIPASS_{setting.upper().replace('BIND', 'HOST')}=127.0.0.1" in finding.remedy


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "::ffff:127.0.0.1"])
def test_loopback_is_for_this_host_however_it_is_written(host: str) -> None:
    assert reach.is_for_this_host(host)


def test_a_name_is_judged_by_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(0, 0, 0, "", ("127.0.0.1", 0)), (0, 0, 0, "", ("fe80::1%eth0", 0, 0, 2))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_words, **_names: found)
    assert not reach.is_for_this_host("somewhere.example.jp")
    del found[1]
    assert reach.is_for_this_host("somewhere.example.jp")


def test_a_manager_interface_elsewhere_is_told(tmp_path: Path) -> None:
    (finding,) = wrong(looked(reach.CHECKS, site_of(tmp_path, ami_host="192.0.2.7")))
    assert "AMI is asked over the network, at 192.0.2.7:5038" in finding.text


def test_a_manager_interface_that_listens_for_all_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "addresses_of", addresses_of)
    with socket.create_server(("0.0.0.0", 0)) as open_to_all:  # noqa: S104
        port = open_to_all.getsockname()[1]
        (finding,) = wrong(looked(reach.CHECKS, site_of(tmp_path, ami_port=port)))
    assert f"AMI listens on 0.0.0.0:{port}" in finding.text
    assert "bindaddr = 127.0.0.1" in finding.remedy
    with socket.create_server(("127.0.0.1", 0)) as own:
        assert wrong(looked(reach.CHECKS, site_of(tmp_path, ami_port=own.getsockname()[1]))) == []


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::")]
)
def test_the_addresses_that_a_port_listens_on_are_read_as_the_kernel_writes_them(
    family: socket.AddressFamily, address: str
) -> None:
    with socket.create_server((address, 0), family=family) as server:
        assert addresses_of(server.getsockname()[1]) == [address]
