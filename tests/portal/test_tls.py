"""The site over https by itself: logins, what is refused, a renewed certificate, and files that cannot be used."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from structlog.testing import capture_logs

from ivr.lab.free_ports import free_tcp_ports
from ivr.lab.hosts.certificates import Certificates
from tests.portal.processes import Command, Site
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, Stage
from tests.portal.visitor import Visitor

START = "-----BEGIN PRIVATE KEY-----"
HANDSHAKE_S = 10.0


class Files:
    """The certificate and the key of a site, which can be renewed."""

    def __init__(self, folder: Path) -> None:
        self._authority = Certificates(folder)
        self.certificate, self.key = folder / "chain.pem", folder / "key.pem"
        self.renew()

    def renew(self) -> None:
        self.certificate_text, self.key_text = self.another()
        self.certificate.write_text(self.certificate_text)
        self.key.write_text(self.key_text)

    def another(self) -> tuple[str, str]:
        certificate, key = self._authority.issue("127.0.0.1")
        return certificate.decode(), key.decode()

    @property
    def serial(self) -> int:
        return x509.load_pem_x509_certificate(self.certificate_text.encode()).serial_number

    def trusted(self) -> ssl.SSLContext:
        """Return a client's context that trusts the authority alone."""
        return self._authority.client_context()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def environment(stage: Stage, files: Files, tmp_path: Path) -> dict[str, str]:
    [port] = free_tcp_ports(1)
    return {
        "KARIPASS_STATE_DIR": str(tmp_path / "state"),
        "KARIPASS_DATABASE_URL": stage.url,
        "KARIPASS_KEY": stage.key.to_text(),
        "KARIPASS_PORTAL_PORT": str(port),
        "KARIPASS_PORTAL_URL": f"https://127.0.0.1:{port}",
        "KARIPASS_PORTAL_CERTIFICATE": str(files.certificate),
        "KARIPASS_PORTAL_KEY": str(files.key),
    }


@pytest.fixture
def site(environment: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as running:
        site = Site(tmp_path, **environment)
        running.callback(site.stop)
        site.wait()
        yield site


def port_of(environment: dict[str, str]) -> int:
    return int(environment["KARIPASS_PORTAL_PORT"])


def serial_at(port: int, context: ssl.SSLContext) -> int:
    """Return the serial number of the certificate that a new connection is shown."""
    with (
        socket.create_connection(("127.0.0.1", port), HANDSHAKE_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
        assert shown is not None
        return x509.load_der_x509_certificate(shown).serial_number


def of_version(version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a client's context that speaks one version alone, however old."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # else OpenSSL's own client would refuse old versions
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.slow
def test_a_subscriber_logs_in_over_https_with_cookies_that_go_nowhere_else(
    stage: Stage, site: Site, files: Files, environment: dict[str, str]
) -> None:
    stage.subscribe(CONTRACT)
    with Visitor(environment["KARIPASS_PORTAL_URL"], verify=files.trusted()) as visitor:
        page = visitor.get("/login")
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        answer = visitor.log_in()
        assert answer.status_code == 303
        [session] = [text for text in answer.headers.get_list("set-cookie") if text.startswith("__Host-karipass-")]
        assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(session.split("; "))
        assert "Domain" not in session
        assert visitor.get("/").status_code == 200
        assert visitor.fill_in("/logout", on="/").headers["location"] == "/login?done=logged_out"
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port_of(environment)}/login", trust_env=False)


@pytest.mark.slow
def test_tls_1_2_and_1_3_are_spoken_and_older_ones_refused(site: Site, environment: dict[str, str]) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert serial_at(port_of(environment), of_version(version))
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        assert is_spoken(version, site_files=Path(environment["KARIPASS_PORTAL_CERTIFICATE"]))
        with pytest.raises((ssl.SSLError, ConnectionResetError)) as refused:
            serial_at(port_of(environment), of_version(version))
        assert "NO_PROTOCOLS_AVAILABLE" not in str(refused.value)  # that would be the client's own refusal


def is_spoken(version: ssl.TLSVersion, *, site_files: Path) -> bool:
    """Return whether the client of these tests speaks a version with a server that takes any."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        server.minimum_version = ssl.TLSVersion.TLSv1
    server.set_ciphers("DEFAULT@SECLEVEL=0")
    server.load_cert_chain(site_files, site_files.with_name("key.pem"))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        of_version(version).wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return {end.version() for end in ends} == {version.name.replace("_", ".")}


@pytest.mark.slow
def test_a_renewed_certificate_is_taken_at_sighup_and_nobody_is_logged_out(
    stage: Stage, site: Site, files: Files, environment: dict[str, str]
) -> None:
    stage.subscribe(CONTRACT)
    first = files.serial
    with Visitor(environment["KARIPASS_PORTAL_URL"], verify=files.trusted()) as visitor:
        visitor.log_in()
        files.renew()
        assert serial_at(port_of(environment), files.trusted()) == first
        site.process.send_signal(signal.SIGHUP)
        until(lambda: "certificate_renewed" in site.log)
        assert serial_at(port_of(environment), files.trusted()) == files.serial != first
        assert visitor.get("/").status_code == 200  # by the connection that there was
        files.key.write_text(files.another()[1])
        site.process.send_signal(signal.SIGHUP)
        until(lambda: "certificate_not_renewed" in site.log)
        assert "the key is another certificate's" in site.log
        assert serial_at(port_of(environment), files.trusted()) == files.serial
        assert visitor.get("/").status_code == 200
    assert START not in site.log


@pytest.mark.slow
def test_a_site_without_a_certificate_goes_on_at_sighup(
    environment: dict[str, str], tmp_path: Path, stage: Stage
) -> None:
    plain = {name: value for name, value in environment.items() if "PORTAL" not in name}
    with ExitStack() as running:
        site = Site(tmp_path, **plain)
        running.callback(site.stop)
        site.wait()
        site.process.send_signal(signal.SIGHUP)
        until(lambda: "nothing_to_renew" in site.log)
        site.wait()


def until(reached: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def _no_certificate(files: Files) -> str:
    files.certificate.unlink()
    return r"KARIPASS_PORTAL_CERTIFICATE=\S+/chain\.pem: cannot be read \(No such file or directory\): name a PEM file"


def _no_key(files: Files) -> str:
    files.key.unlink()
    return r"KARIPASS_PORTAL_KEY=\S+/key\.pem: cannot be read \(No such file or directory\): name a PEM file"


def _a_directory(files: Files) -> str:
    files.key.unlink()
    files.key.mkdir()
    return r"KARIPASS_PORTAL_KEY=\S+/key\.pem: cannot be read \(Is a directory\)"


def _anothers_key(files: Files) -> str:
    files.key.write_text(files.another()[1])
    return "the key is another certificate's"


def _exchanged(files: Files) -> str:
    files.certificate.write_text(files.key_text)
    files.key.write_text(files.certificate_text)
    return "one of them is no such PEM file, or the key has a passphrase"


def _nonsense(files: Files) -> str:
    files.key.write_text("nonsense")
    return "one of them is no such PEM file, or the key has a passphrase"


def _a_passphrase(files: Files) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a passphrase"))
    files.key.write_bytes(sealed)
    return "one of them is no such PEM file, or the key has a passphrase"


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil", [_no_certificate, _no_key, _a_directory, _anothers_key, _exchanged, _nonsense, _a_passphrase]
)
def test_files_that_cannot_be_used_are_one_clear_line(
    files: Files, environment: dict[str, str], tmp_path: Path, spoil: Callable[[Files], str]
) -> None:
    told = spoil(files)
    command = Command("portal", folder=tmp_path, **environment)
    assert command.process.wait(60) == 1
    [line] = [line for line in command.log.splitlines() if line.startswith("ivr: ")]
    assert re.search(told, line), line
    assert "Traceback" not in command.log
    assert "PRIVATE KEY" not in command.log


@pytest.mark.slow
def test_one_file_without_the_other_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    del environment["KARIPASS_PORTAL_KEY"]
    command = Command("portal", folder=tmp_path, **environment)
    assert command.process.wait(60) == 1
    assert "KARIPASS_PORTAL_CERTIFICATE and KARIPASS_PORTAL_KEY: set both, or neither" in command.log


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [
        ([], "127.0.0.1"),
        (["192.0.2.0/24"], "127.0.0.1"),
        (["127.0.0.1/32"], "203.0.113.9"),
        (["127.0.0.1/32", "203.0.113.9/32"], "198.51.100.7"),
    ],
)
def test_what_is_forwarded_is_believed_of_a_named_proxy_alone(stage: Stage, proxies: list[str], seen: str) -> None:
    stage.subscribe(CONTRACT)
    config = stage.config(proxies=[ip_network(text) for text in proxies])
    with serving(config) as address, Visitor(address) as visitor, capture_logs() as lines:
        visitor.headers["x-forwarded-for"] = "198.51.100.7, 203.0.113.9"
        assert visitor.log_in().status_code == 303
    assert [line["address"] for line in lines if line["event"] == "login_accepted"] == [seen]
