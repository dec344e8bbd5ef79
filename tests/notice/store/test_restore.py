"""A backup is brought back on an empty host: with the key everything works, without it nothing is opened."""

from __future__ import annotations

import contextlib
import io
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from credentials.audit import Head
from credentials.errors import KeyMismatch
from credentials.model import Line, Unit
from credentials.secrets.keys import Key, KeyRing
from mail.letter import Letter, Purpose
from mail.outbox import Outbox
from mail.outbox.leases import Leases
from notice.store.opening import NoticeStore
from tests import needs
from tests.credentials.stores import CHEAP, LINES, MANY_CALLS
from tests.storage.backups import back_up, restore
from tests.storage.postgresql import FAST, Server, serving

NUMBER, PASSWORD, LATER = "0312345678", "13572468", "24681357"
KEY = Key.generate()


def opened(url: str, key: Key = KEY) -> NoticeStore:
    return NoticeStore.open(url, key=key, policy=CHEAP, limits=MANY_CALLS)


def call(store: NoticeStore, password: str) -> None:
    assert isinstance(store.admit(NUMBER), Line)
    store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=password, call_id=password)


@contextlib.contextmanager
def in_use(url: str) -> Iterator[NoticeStore]:
    """A store with lines, a temporary password, and a letter that waits."""
    with opened(url) as store:
        store.import_lines(io.StringIO(LINES, newline=""))
        call(store, PASSWORD)
        with store._database.writing() as connection:
            letter = Letter(
                purpose=Purpose.TEST,
                to="someone@example.jp",
                subject="subject",
                body="body",
                useful_until=datetime.now(UTC) + timedelta(hours=1),
            )
            Outbox(KeyRing([KEY])).add(connection, letter)
        yield store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def restored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The URL of a store that was brought back, and the head of the trail just before its host was lost."""
    if request.param == "sqlite":
        with in_use(f"sqlite:///{tmp_path / 'store.db'}") as store:
            with sqlite3.connect(tmp_path / "store.db") as source, sqlite3.connect(tmp_path / "copy.db") as copy:
                source.backup(copy)
            source.close()
            copy.close()
            call(store, LATER)
            noted = str(store.audit_head())
        yield f"sqlite:///{tmp_path / 'copy.db'}", noted
        return
    server: Server = request.getfixturevalue("postgresql")
    name = server.create()
    with in_use(server.url(name)) as store:
        back_up(server, name, tmp_path / "backup")
        call(store, LATER)
        noted = str(store.audit_head())
    server.drop(name)
    with serving(needs.postgresql(), **FAST) as elsewhere:
        there = elsewhere.create()
        restore(elsewhere, there, tmp_path / "backup")
        yield elsewhere.url(there), noted


def test_a_restored_store_with_its_key_takes_logins_calls_and_mails(restored: tuple[str, str]) -> None:
    with opened(restored[0]) as store:
        assert store.log_in(NUMBER, PASSWORD, session_id="session").verdict.accepted
        call(store, LATER)
        assert store.log_in(NUMBER, LATER, session_id="session").verdict.accepted
        [letter] = Leases(store._database, KeyRing([KEY]), lease=timedelta(minutes=1)).take(5)
        assert (letter.to, letter.subject) == ("someone@example.jp", "subject")
        assert store.verify_audit().problem is None


def test_the_trail_tells_that_a_backup_was_brought_back(restored: tuple[str, str]) -> None:
    with opened(restored[0]) as store:
        assert not store.log_in(NUMBER, LATER, session_id="session").verdict.accepted
        assert store.verify_audit(since=Head.parse(restored[1])).problem is not None


def test_without_the_key_it_is_not_opened_and_the_error_says_what_to_do(restored: tuple[str, str]) -> None:
    with pytest.raises(KeyMismatch, match=rf"made with key {KEY.key_id}.*use the key file of the host that made"):
        opened(restored[0], Key.generate())
