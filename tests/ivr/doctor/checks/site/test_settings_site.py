"""The doctor's findings about the settings site: its certificate, its mail server, and mails that wait."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from credentials.secrets.keys import KeyRing
from ivr.cli.serving.sides import mail_environment
from ivr.doctor import Finding, Level, Site
from ivr.doctor.checks.site import settings_site
from ivr.host.running import RunningInstance
from ivr.host.settings import Settings
from mail.outbox import MAIL, Outbox
from storage.clock import utc_now
from storage.database import Database
from storage.migrate import upgrade
from tests.ivr.doctor.examined import looked, site_of
from tests.mail import smtp_server
from tests.mail.post import letter_for

CERTIFICATE, MAIL_SERVER, MAILS, BOUNCES = ((check,) for check in settings_site.CHECKS)


def written(folder: Path, *, days: float = 60, names: tuple[str, ...] = ("settings.example.jp",)) -> dict[str, Path]:
    """Write a certificate and its key; return the settings that name them."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
    )
    if names:
        of_addresses = [x509.IPAddress(ip_address(each)) for each in names if each[0].isdigit()]
        of_names = [x509.DNSName(each) for each in names if not each[0].isdigit()]
        builder = builder.add_extension(x509.SubjectAlternativeName([*of_addresses, *of_names]), critical=True)
    chain, own = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    own.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    own.chmod(0o640)
    return {"portal_certificate": chain, "portal_key": own}


def found(checks: tuple[object, ...], site: Site) -> list[Finding]:
    return [each.finding for each in looked(checks, site)]


def of_certificate(folder: Path, files: dict[str, Path], url: str = "https://settings.example.jp") -> list[Finding]:
    return found(CERTIFICATE, site_of(folder, portal_url=url, **files))


def test_a_certificate_that_is_good_for_the_sites_address_is_well(tmp_path: Path) -> None:
    [finding] = of_certificate(tmp_path, written(tmp_path))
    assert finding.level is Level.OK
    assert f"is good until {datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}" in finding.text


def test_a_site_without_one_needs_none(tmp_path: Path) -> None:
    [finding] = found(CERTIFICATE, site_of(tmp_path))
    assert finding.level is Level.OK


@pytest.mark.parametrize(("days", "told"), [(-1, "has expired on"), (13, "only")])
def test_one_that_has_ended_or_soon_will_is_told(tmp_path: Path, days: float, told: str) -> None:
    [finding] = of_certificate(tmp_path, written(tmp_path, days=days))
    assert finding.level is Level.WARNING
    assert told in finding.text
    assert "systemctl reload karipass-portal" in finding.remedy


@pytest.mark.parametrize(
    ("names", "host", "fits"),
    [
        (("settings.example.jp",), "settings.example.jp", True),
        (("*.example.jp",), "settings.example.jp", True),
        (("*.example.jp",), "a.settings.example.jp", False),
        (("*.example.jp",), "example.jp", False),
        (("example.jp", "www.example.jp"), "settings.example.jp", False),
        (("192.0.2.7",), "192.0.2.7", True),
        (("192.0.2.8",), "192.0.2.7", False),
        ((), "settings.example.jp", False),
    ],
)
def test_one_for_another_host_is_told(tmp_path: Path, names: tuple[str, ...], host: str, *, fits: bool) -> None:
    findings = of_certificate(tmp_path, written(tmp_path, names=names), f"https://{host}")
    assert [finding.level for finding in findings[1:]] == ([] if fits else [Level.WARNING])
    assert fits or f"is not for {host}" in findings[1].text


def test_one_that_cannot_be_used_is_told_as_the_site_would(tmp_path: Path) -> None:
    files = written(tmp_path)
    files["portal_key"].unlink()
    [finding] = of_certificate(tmp_path, files)
    assert finding.level is Level.WARNING
    assert f"KARIPASS_PORTAL_KEY={files['portal_key']}: cannot be read (No such file or directory)" in finding.text


def test_a_key_that_everybody_can_read_is_told(tmp_path: Path) -> None:
    files = written(tmp_path)
    files["portal_key"].chmod(0o644)
    [_, finding] = of_certificate(tmp_path, files)
    assert "lets everybody on this host in" in finding.text
    assert finding.remedy == f"chmod o= {files['portal_key']}"


@pytest.fixture
def with_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    environment = {
        "KARIPASS_SMTP_HOST": "127.0.0.1",
        "KARIPASS_SMTP_PORT": "1",
        "KARIPASS_SMTP_SECURITY": "none",
        "KARIPASS_MAIL_FROM": "no-reply@example.jp",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Site(Settings.load(state_dir=tmp_path), environment)


async def test_a_mail_server_that_would_take_mails_is_well_and_gets_none(
    with_mail: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    async with smtp_server.serving(context, starttls=False, to_senders=["250 OK", "550 not you"]) as server:
        monkeypatch.setenv("KARIPASS_SMTP_PORT", str(server.port))
        [well] = await asyncio.to_thread(found, MAIL_SERVER, with_mail)
        assert (well.level, well.text) == (
            Level.OK,
            f"127.0.0.1:{server.port} takes connection, login and sender (none)",
        )
        [refused] = await asyncio.to_thread(found, MAIL_SERVER, with_mail)
        assert (refused.level, refused.text) == (
            Level.WARNING,
            f"127.0.0.1:{server.port}: sender (it answered 550)",
        )
        assert server.received == []


def test_a_mail_server_that_is_away_is_told(with_mail: Site) -> None:
    [finding] = found(MAIL_SERVER, with_mail)
    assert finding.level is Level.WARNING
    assert finding.text.startswith("127.0.0.1:1: unreachable (")


def test_settings_of_mail_that_are_wrong_are_told(with_mail: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KARIPASS_MAIL_FROM")
    [finding] = found(MAIL_SERVER, with_mail)
    assert "KARIPASS_MAIL_FROM is missing" in finding.text


def test_without_a_mail_server_none_is_looked_for(tmp_path: Path) -> None:
    [finding] = found(MAIL_SERVER, site_of(tmp_path))
    assert finding.level is Level.OK


async def test_beside_an_instance_its_own_mailbox_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KARIPASS_SMTP_HOST", raising=False)
    instance = RunningInstance.claim(tmp_path)
    assert instance is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    async with smtp_server.serving(context, starttls=False) as server:
        settings = Settings.load(state_dir=tmp_path, mailbox_smtp_port=server.port)
        instance.publish({}, mail_environment(settings, {}))
        [well] = await asyncio.to_thread(found, MAIL_SERVER, Site(settings, {}))
    instance.release()
    assert (well.level, well.text) == (
        Level.OK,
        f"127.0.0.1:{server.port} takes connection, login and sender (none)",
    )
    [none] = found(MAIL_SERVER, Site(settings, {}))
    assert "KARIPASS_SMTP_HOST is not set" in none.text


def test_mails_that_wait_for_long_are_told(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    assert found(MAILS, site) == []
    database = Database(site.settings.store_url)
    [finding] = found(MAILS, site)
    assert finding.text == "none waits"
    upgrade(database, MAIL)
    keys, now = KeyRing.from_file(tmp_path / "key"), utc_now()

    def add(seconds_ago: float) -> list[Finding]:
        outbox = Outbox(keys, clock=lambda: now - timedelta(seconds=seconds_ago))
        with database.writing() as connection:
            outbox.add(connection, letter_for(now))
        return found(MAILS, site)

    try:
        [just_now] = add(1)
        assert (just_now.level, just_now.text) == (Level.OK, "1 are just being sent")
        [finding] = add(90)
        assert finding.level is Level.WARNING
        assert finding.text.startswith("2 wait, the oldest for 9")
        assert "is `ivr mail` running?" in finding.remedy
    finally:
        database.close()


def greet_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"220 bounces.example.jp\r\n")


def test_whether_mails_that_come_back_are_taken_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = site_of(tmp_path)
    [finding] = found(BOUNCES, site)
    assert (finding.level, "is not set" in finding.text) == (Level.OK, True)
    monkeypatch.setenv("KARIPASS_MAIL_BOUNCE_DOMAIN", "bounces.example.jp")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("KARIPASS_MAIL_BOUNCE_PORT", str(port))
        greeting = threading.Thread(target=greet_once, args=(listener,))
        greeting.start()
        [finding] = found(BOUNCES, site)
        greeting.join()
    assert (finding.level, finding.text) == (Level.OK, f"127.0.0.1:{port} takes those to bounces.example.jp")
    [finding] = found(BOUNCES, site)
    assert (finding.level, finding.text) == (Level.WARNING, f"127.0.0.1:{port} takes none")
    monkeypatch.setenv("KARIPASS_MAIL_BOUNCE_PORT", "x")
    [finding] = found(BOUNCES, site)
    assert "KARIPASS_MAIL_BOUNCE_PORT=x" in finding.text
