"""The doctor's findings about the store, which it does not touch."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from credentials.secrets.keys import KeyRing
from credentials.store import CredentialStore
from ivr.doctor import Level, Site
from ivr.doctor.checks.store import database
from ivr.records import open_records
from storage.database import Database
from tests.ivr.doctor.examined import looked, site_of, worst, wrong


@pytest.fixture
def stored(tmp_path: Path) -> Site:
    """A host whose service has run before."""
    with CredentialStore.open(f"sqlite:///{tmp_path}/store.db", key=KeyRing.from_file(tmp_path / "key")):
        open_records(f"sqlite:///{tmp_path}/store.db").close()
    return site_of(tmp_path)


def test_a_store_of_this_version_is_well(stored: Site) -> None:
    assert worst(looked(database.CHECKS, stored)) is Level.OK


@pytest.mark.parametrize(
    ("revision", "level", "words"), [("0001", Level.WARNING, "older"), ("9999", Level.ERROR, "newer")]
)
def test_a_store_of_another_version_is_told_and_left_as_it_is(
    stored: Site, revision: str, level: Level, words: str
) -> None:
    opened = Database(stored.settings.store_url)
    with opened.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    (finding,) = wrong(looked(database.CHECKS, stored))
    assert finding.level is level
    assert words in finding.text
    with opened.reading() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == revision
    opened.close()


def test_the_key_of_another_store_is_an_error(stored: Site) -> None:
    stored.settings.store_key_file.unlink()
    KeyRing.from_file(stored.settings.store_key_file)
    (finding,) = wrong(looked(database.CHECKS, stored))
    assert finding.level is Level.ERROR
    assert "which is not here" in finding.text


def test_a_store_without_its_key_file_is_an_error(stored: Site) -> None:
    stored.settings.store_key_file.unlink()
    (finding,) = wrong(looked(database.CHECKS, stored))
    assert finding.level is Level.ERROR


def test_a_database_that_is_away_is_an_error_and_its_password_is_not_shown(tmp_path: Path) -> None:
    site = site_of(tmp_path, database_url="postgresql+psycopg://karipass:hunter22@127.0.0.1:1/karipass")
    (finding,) = wrong(looked(database.CHECKS, site))
    assert finding.level is Level.ERROR
    assert "\n" not in finding.text
    assert "hunter22" not in repr(finding)


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("no database " * 1000)
    (finding,) = wrong(looked(database.CHECKS, site_of(tmp_path)))
    assert finding.level is Level.ERROR


def test_a_store_that_cannot_be_written_is_an_error_with_the_remedy(stored: Site, tmp_path: Path) -> None:
    site = site_of(tmp_path, database_url=f"sqlite:///{tmp_path}/store.db?timeout=0.1")
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        (finding,) = wrong(looked(database.CHECKS, site))
    assert finding.level is Level.ERROR
    assert "cannot be written: locked: another program has held it for too long" in finding.text


def test_a_store_that_is_not_in_wal_mode_is_not_turned_to_it(stored: Site, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    before = (tmp_path / "store.db").read_bytes()
    assert worst(looked(database.CHECKS, stored)) is Level.OK
    assert (tmp_path / "store.db").read_bytes() == before
