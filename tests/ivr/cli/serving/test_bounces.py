"""`ivr bounces` takes a mail that came back, and the store then says that it was refused."""

from __future__ import annotations

import os
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from credentials.secrets.keys import KeyRing
from mail.bounces.addresses import bounce_address
from mail.outbox import MAIL, Outbox, Reason, State
from mail.outbox.leases import Leases
from storage.clock import utc_now
from storage.database import Database
from storage.migrate import upgrade
from tests.mail.bounces.samples import sample
from tests.mail.post import LINK, letter_for

pytestmark = pytest.mark.slow

DOMAIN = "bounces.example.jp"


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KARIPASS_")}
    return kept | {
        "KARIPASS_STATE_DIR": str(tmp_path),
        "KARIPASS_MAIL_BOUNCE_DOMAIN": DOMAIN,
        "KARIPASS_MAIL_BOUNCE_PORT": str(port),
    }


def start(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "ivr", "bounces"], env=environment, stderr=subprocess.PIPE)


def connected(port: int, within_s: float = 30.0) -> smtplib.SMTP:
    give_up = time.monotonic() + within_s
    while True:
        try:
            return smtplib.SMTP("127.0.0.1", port, timeout=10)
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def test_a_mail_that_came_back_is_refused_in_the_store_and_no_log_shows_an_address(
    environment: dict[str, str], tmp_path: Path, port: int
) -> None:
    database, keys = Database(f"sqlite:///{tmp_path / 'store.db'}"), KeyRing.from_file(tmp_path / "key")
    upgrade(database, MAIL)
    outbox = Outbox(keys)
    with database.writing() as connection:
        letter_id = outbox.add(connection, letter_for(utc_now()))
    leases = Leases(database, keys, lease=letter_for(utc_now()).useful_until - utc_now())
    for leased in leases.take(1):
        leases.taken(leased)
    with start(environment) as process, connected(port) as client:
        client.sendmail("", bounce_address(letter_id, DOMAIN, keys.current), sample("postfix-unknown-user"))
        client.docmd(LINK)  # as the rest of a mail would come whose start was refused
        process.terminate()  # while the connection is open
        log = process.communicate(timeout=20)[1].decode()
        client.close()
    with database.reading() as connection:
        delivery = outbox.find(connection, letter_id)
    database.close()
    assert delivery is not None
    assert (delivery.state, delivery.reason) == (State.REFUSED, Reason.NO_SUCH_ADDRESS)
    assert process.returncode == 0, log
    assert f'"letter": "{letter_id}"' in log
    assert "@" not in log
    assert LINK.lower() not in log.lower()
    assert "Traceback" not in log


def test_without_a_domain_for_bounces_it_names_the_setting(environment: dict[str, str]) -> None:
    del environment["KARIPASS_MAIL_BOUNCE_DOMAIN"]
    with start(environment) as process:
        told = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 1
    assert "KARIPASS_MAIL_BOUNCE_DOMAIN is missing: write the domain" in told
    assert "Traceback" not in told


def test_a_port_that_is_taken_is_named(environment: dict[str, str], port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), start(environment) as process:
        told = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 1
    assert "KARIPASS_MAIL_BOUNCE_PORT" in told
    assert "Traceback" not in told
