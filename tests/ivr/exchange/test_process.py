import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.exchange.asterisk import new_enough
from ivr.exchange.process import Exchange, ExchangeConfig, ExchangeError, Phone, check_ports


@pytest.fixture
def config(tmp_path: Path) -> ExchangeConfig:
    return ExchangeConfig(
        run_dir=tmp_path / "exchange",
        access_number="0363044747",
        sounds_dir=tmp_path,
        ami_secret="secret-of-manager",
        phones=[Phone(number="0312345678", secret="secret-of-phone")],
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"access_number": "03-6304-4747"}, "the access number: '03-6304-4747' is not digits"),
        ({"access_number": ""}, "is not digits"),
        ({"access_number": "1\nexten => _X.,1,System(x)"}, "is not digits"),
        ({"agi_host": "a b"}, "the FastAGI host: 'a b'"),
        ({"sip_host": "0.0.0.0;"}, "the SIP host"),
        ({"trunks": ["192.0.2.1,0.0.0.0/0"]}, "a trunk: '192.0.2.1,0.0.0.0/0'"),
        ({"phones": [Phone(number="bob", secret="secret-of-bob")]}, "a phone's number: 'bob'"),
        ({"ami_port": 0}, "port 0 is not within 1-65535"),
        ({"sip_port": 65536}, "port 65536"),
        ({"rtp_ports": (10001, 10000)}, "KARIPASS_RTP_PORTS: 10001-10000 is not a range"),
    ],
)
def test_a_value_that_would_break_a_file_is_named(
    config: ExchangeConfig, change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ExchangeError) as caught:
        replace(config, **change)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("secret", ["short", "semi;colon-secret", "new\nline-secret", ""])
def test_a_secret_that_would_break_a_file_is_refused_and_not_shown(config: ExchangeConfig, secret: str) -> None:
    changes: list[dict[str, Any]] = [
        {"ami_secret": secret},
        {"phones": [Phone(number="0312345678", secret=secret)]},
    ]
    for change in changes:
        with pytest.raises(ExchangeError) as caught:
            replace(config, **change)
        assert not secret or secret not in str(caught.value)


def test_a_config_shows_no_secret(config: ExchangeConfig) -> None:
    assert "secret-of" not in repr(config)


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.17.60671434-1", True),
        ("Asterisk 22.10.0", True),
        ("Asterisk 22.9.3", False),
        ("Asterisk 22.8.0", False),
        ("Asterisk 23.2.0", False),
        ("Asterisk 23.4.0", True),
        ("Asterisk 24.0.0", True),
        ("Asterisk 20.18.0", False),
        ("Asterisk certified/22.10-cert1", True),
        ("Asterisk GIT-master-abcdef", False),
        ("", False),
    ],
)
def test_only_an_asterisk_whose_audiosocket_is_sound_will_do(version: str, good: bool) -> None:
    assert new_enough(version) is good


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def holding() -> Iterator[Callable[[socket.SocketKind], int]]:
    """Takes a port and holds it to the end of the test."""
    held: list[socket.socket] = []

    def hold(kind: socket.SocketKind) -> int:
        taken = socket.socket(socket.AF_INET, kind)
        held.append(taken)
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        return int(taken.getsockname()[1])

    yield hold
    for taken in held:
        taken.close()


def _on_free_ports(config: ExchangeConfig) -> ExchangeConfig:
    rtp = _free_port(socket.SOCK_DGRAM)
    return replace(
        config,
        sip_port=_free_port(socket.SOCK_DGRAM),
        ami_port=_free_port(socket.SOCK_STREAM),
        rtp_ports=(rtp, rtp + 1),
    )


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("KARIPASS_SIP_PORT", socket.SOCK_DGRAM),
        ("KARIPASS_AMI_PORT", socket.SOCK_STREAM),
        ("KARIPASS_RTP_PORTS", socket.SOCK_DGRAM),
    ],
)
def test_a_taken_port_is_named_with_its_setting(
    config: ExchangeConfig,
    holding: Callable[[socket.SocketKind], int],
    setting: str,
    kind: socket.SocketKind,
) -> None:
    port = holding(kind)
    changes: dict[str, dict[str, Any]] = {
        "KARIPASS_SIP_PORT": {"sip_port": port},
        "KARIPASS_AMI_PORT": {"ami_port": port},
        "KARIPASS_RTP_PORTS": {"rtp_ports": (port, port + 1)},
    }
    with pytest.raises(ExchangeError) as caught:
        check_ports(replace(_on_free_ports(config), **changes[setting]))
    assert f"port {port}" in str(caught.value)
    assert setting in str(caught.value)


def test_an_address_that_this_machine_has_not_is_named(config: ExchangeConfig) -> None:
    with pytest.raises(ExchangeError, match=r"192\.0\.2\.1 cannot be had"):
        check_ports(replace(_on_free_ports(config), sip_host="192.0.2.1"))


def test_an_exchange_that_never_started_can_be_stopped_and_takes_no_command(config: ExchangeConfig) -> None:
    exchange = Exchange(config)
    exchange.stop()
    exchange.stop()
    assert not exchange.running
    with pytest.raises(ExchangeError, match="not running"):
        exchange.command("core show uptime")
