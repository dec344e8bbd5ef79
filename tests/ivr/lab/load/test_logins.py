"""Subscribers who log in all the time: what they see when a site is there, is replaced, or is away."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from credentials.model import Unit
from ivr.lab.free_ports import free_tcp_ports
from ivr.lab.hosts.certificates import Certificates
from ivr.lab.load.logins import Account, Logins, log_in
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, TEMPORARY, Stage
from web.certificate import Certificate, RenewableCertificate

GOOD = Account(number=CONTRACT, secret=TEMPORARY, address="203.0.113.1")
WRONG = Account(number=CONTRACT, secret="11112222", address="203.0.113.1")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, int]]:
    with closing(Stage(tmp_path)) as stage:
        stage.store.set_temporary_password(
            caller=CONTRACT, target=CONTRACT, unit=Unit.LINE, password=TEMPORARY, call_id="1"
        )
        with serving(stage.config(proxies=[ip_network("127.0.0.1")])) as address:
            parts = urlsplit(address)
            yield str(parts.hostname), int(parts.port or 0)


@pytest.fixture
def nobody() -> tuple[str, int]:
    return "127.0.0.1", free_tcp_ports(1)[0]


def test_a_right_secret_comes_in_and_a_wrong_one_is_seen(site: tuple[str, int]) -> None:
    assert log_in([site], GOOD) == ""
    assert log_in([site], WRONG) == "the login: status 403"


def test_a_site_that_takes_no_connection_is_passed_over(site: tuple[str, int], nobody: tuple[str, int]) -> None:
    assert log_in([nobody, site], GOOD) == ""


def test_without_any_site_the_login_fails(nobody: tuple[str, int]) -> None:
    assert log_in([nobody], GOOD) == "NoSite: no site takes a connection"


def test_people_log_in_at_each_site_in_turn_until_the_end(site: tuple[str, int], nobody: tuple[str, int]) -> None:
    people = [Account(number=CONTRACT, secret=TEMPORARY, address=f"203.0.113.{place}") for place in range(1, 200)]
    logins = Logins([site, nobody], people, each_second=20, at_once=4)
    enough = threading.Event()
    with logins.going_on():
        until = time.monotonic() + 60
        while len(logins.tries) < 10 and time.monotonic() < until:
            enough.wait(0.01)
    assert len(logins.tries) >= 10
    assert {each.problem for each in logins.tries} == {""}


def test_over_https_a_site_s_certificate_is_checked_and_one_that_is_not_good_is_a_problem(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    with closing(Stage(tmp_path)) as stage:
        stage.store.set_temporary_password(
            caller=CONTRACT, target=CONTRACT, unit=Unit.LINE, password=TEMPORARY, call_id="1"
        )
        file = certificates.file("127.0.0.1")
        own = RenewableCertificate(Certificate(file, file, "KARIPASS_PORTAL"))
        with serving(stage.config(proxies=[ip_network("127.0.0.1")]), certificate=own) as address:
            parts = urlsplit(address)
            site = str(parts.hostname), int(parts.port or 0)
            assert log_in([site], GOOD, certificates.client_context()) == ""
            assert log_in([site], GOOD, ssl.create_default_context()).startswith("SSLCertVerificationError")


def test_each_thread_is_prepared_before_it_logs_in(nobody: tuple[str, int]) -> None:
    prepared: set[str] = set()
    logins = Logins([nobody], [GOOD], each_second=50, begin=lambda: prepared.add(threading.current_thread().name))
    with logins.going_on():
        until = time.monotonic() + 60
        while not logins.tries and time.monotonic() < until:
            time.sleep(0.01)
    assert prepared


def test_no_secret_is_shown() -> None:
    assert TEMPORARY not in repr(GOOD)
