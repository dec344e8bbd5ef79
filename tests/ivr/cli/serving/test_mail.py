"""`ivr mail` brings what waits in the store's outbox to `ivr mailbox`, which shows it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from credentials.secrets.keys import KeyRing
from ivr.lab.free_ports import free_tcp_ports
from mail.outbox import MAIL, Outbox
from storage.clock import utc_now
from storage.database import Database
from storage.migrate import upgrade
from tests.mail.post import CODE, letter_for

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def ports() -> tuple[int, int, int]:
    """The ports of the mailbox's page, of its SMTP, and of the sender's metrics."""
    page, smtp, health = free_tcp_ports(3)
    return page, smtp, health


@pytest.fixture
def environment(tmp_path: Path, ports: tuple[int, int, int]) -> dict[str, str]:
    page, smtp, health = ports
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KARIPASS_")}
    return kept | {
        "KARIPASS_STATE_DIR": str(tmp_path),
        "KARIPASS_MAILBOX_PORT": str(page),
        "KARIPASS_MAILBOX_SMTP_PORT": str(smtp),
        "KARIPASS_MAIL_HEALTH_PORT": str(health),
        "KARIPASS_SMTP_HOST": "127.0.0.1",
        "KARIPASS_SMTP_PORT": str(smtp),
        "KARIPASS_SMTP_SECURITY": "none",
        "KARIPASS_MAIL_FROM": "Karipass <no-reply@karipass.example.jp>",
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Start a command; all end in order with the test."""
    with ExitStack() as running:

        def start_one(command: str, **others: str) -> subprocess.Popen[bytes]:
            words = [sys.executable, "-m", "ivr", command]
            process = running.enter_context(subprocess.Popen(words, env=environment | others, stderr=subprocess.PIPE))
            running.callback(process.terminate)
            return process

        yield start_one


def wait_for_mail(page: int, within_s: float = 30.0) -> list[dict[str, str]]:
    give_up = time.monotonic() + within_s
    while time.monotonic() < give_up:
        try:
            mails: list[dict[str, str]] = httpx.get(f"http://127.0.0.1:{page}/mails.json").json()
        except httpx.TransportError:
            mails = []
        if mails:
            return mails
        time.sleep(0.05)
    raise AssertionError("no mail has come")


def test_a_letter_in_the_store_comes_to_the_mailbox_and_no_log_shows_its_code(
    start: Start, tmp_path: Path, ports: tuple[int, int, int]
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(database, MAIL)
    outbox = Outbox(KeyRing.from_file(tmp_path / "key"))
    with database.writing() as connection:
        letter_id = outbox.add(connection, letter_for(utc_now()))
    database.close()
    mailbox, mail = start("mailbox"), start("mail")
    (came,) = wait_for_mail(ports[0])
    assert CODE in came["text"]
    assert came["to"] == "ann@example.jp"
    time.sleep(0.5)
    metrics = httpx.get(f"http://127.0.0.1:{ports[2]}/metrics", trust_env=False).text
    assert 'karipass_mail_letters_total{outcome="taken",purpose="code"} 1.0' in metrics
    assert "karipass_mail_server_up 1.0" in metrics
    for process in (mail, mailbox):
        process.terminate()
        log = process.communicate(timeout=20)[1].decode()
        assert process.returncode == 0, log
        assert CODE not in log
        assert "ann@" not in log
        assert process is mailbox or f'"letter": "{letter_id}"' in log


def test_mail_without_a_server_names_the_settings_that_are_missing(start: Start, environment: dict[str, str]) -> None:
    del environment["KARIPASS_SMTP_HOST"], environment["KARIPASS_MAIL_FROM"]
    process = start("mail")
    told = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 1
    assert "KARIPASS_SMTP_HOST is missing: write it" in told
    assert "KARIPASS_MAIL_FROM is missing: write it" in told
    assert "Traceback" not in told
