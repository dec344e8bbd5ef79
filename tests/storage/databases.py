"""Databases for tests, SQLite and PostgreSQL in turn, and a clock that stands still.

A test that uses `database_file` is about SQLite, and runs only on that.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.migrate import History, upgrade
from tests import needs
from tests.storage.postgresql import FAST, Server, serving


class FakeClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


class Templates:
    """Gives databases that have schemas already and are empty, without migrating each, which takes far longer.

    Args:
        directory: where the SQLite files that are copied are kept.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[tuple[History, ...], Path] = {}
        self._names: dict[tuple[History, ...], str] = {}

    def copy(self, file: Path, *schemas: History) -> str:
        """Copy an SQLite file with the newest version of schemas, and return the URL of its database."""
        if schemas not in self._files:
            template = self._directory / f"{len(self._files)}.db"
            _migrate(f"sqlite:///{template}", schemas)
            self._files[schemas] = template
        shutil.copy(self._files[schemas], file)
        return f"sqlite:///{file}"

    def shared(self, server: Server, *schemas: History) -> str:
        """Return the name of the server's database with the newest version of schemas; each test in turn empties it."""
        if schemas not in self._names:
            self._names[schemas] = server.create()
            _migrate(server.url(self._names[schemas]), schemas)
        return self._names[schemas]


def _migrate(url: str, schemas: Sequence[History]) -> None:
    database = Database(url)
    for schema in schemas:
        upgrade(database, schema)
    database.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        kinds: list[object] = ["sqlite"]
        if "database_file" not in metafunc.fixturenames:
            kinds.append(pytest.param("postgresql", marks=pytest.mark.slow))
        metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    programs = needs.postgresql()
    with serving(programs, **FAST) as server:
        yield server


@pytest.fixture
def empty_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a database without a schema."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def schemas() -> tuple[History, ...]:
    """Return the schemas of `migrated_url`, which each room that uses it names."""
    return ()


@pytest.fixture
def migrated_url(
    database_kind: str,
    tmp_path: Path,
    templates: Templates,
    schemas: tuple[History, ...],
    request: pytest.FixtureRequest,
) -> str:
    """Return the URL of a database with the newest version of schemas, and nothing in it."""
    if database_kind == "sqlite":
        return templates.copy(tmp_path / "store.db", *schemas)
    server: Server = request.getfixturevalue("postgresql")
    name = templates.shared(server, *schemas)
    server.empty(name)
    return server.url(name)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
