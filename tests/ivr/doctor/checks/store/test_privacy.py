"""The doctor's findings about who else can read the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from credentials.secrets.keys import KeyRing
from credentials.store import CredentialStore
from ivr.doctor import Level, Site
from ivr.doctor.checks.store import privacy
from tests.ivr.doctor.examined import looked, site_of, worst, wrong


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The directory of a service that has run."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with CredentialStore.open(f"sqlite:///{state}/store.db", key=KeyRing.from_file(state / "key")):
        pass
    return state


def test_a_store_as_the_service_makes_it_is_private_while_it_is_in_use_too(state: Path) -> None:
    with closing(sqlite3.connect(state / "store.db")) as user:
        user.execute("SELECT * FROM lines").fetchall()
        assert (state / "store.db-wal").exists()
        assert worst(looked(privacy.CHECKS, site_of(state))) is Level.OK


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
@pytest.mark.parametrize("name", ["store.db", "store.db-wal", "store.db-shm"])
def test_a_file_of_the_store_that_lets_others_in_is_named_with_its_remedy(state: Path, name: str, mode: int) -> None:
    path = state / name
    path.touch()
    path.chmod(mode)
    (finding,) = wrong(looked(privacy.CHECKS, site_of(state)))
    assert finding.level is Level.ERROR
    assert f"{path} has mode {mode:03o}" in finding.text
    assert finding.remedy == f"chmod 600 {path}"


@pytest.mark.parametrize(("mode", "level"), [(0o755, Level.WARNING), (0o777, Level.ERROR), (0o1777, Level.WARNING)])
def test_a_folder_of_the_store_elsewhere_is_looked_at_too(tmp_path: Path, state: Path, mode: int, level: Level) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    other.chmod(mode)
    site = site_of(state, database_url=f"sqlite:///{other}/store.db")
    (finding,) = wrong(looked(privacy.CHECKS, site))
    assert finding.level is level
    assert str(other) in finding.text
    assert f"chmod 700 {other}" in finding.remedy
    site = site_of(state, key_file=other / "key")
    assert [finding.level for finding in wrong(looked(privacy.CHECKS, site))] == [level]


def test_a_store_on_a_server_has_no_files_here(state: Path) -> None:
    site: Site = site_of(state, database_url="postgresql+psycopg://user:secret@db.example.jp/karipass")
    (each,) = looked(privacy.CHECKS, site)
    assert each.finding.level is Level.OK
    assert "secret" not in repr(each)
