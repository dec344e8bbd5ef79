"""Databases for tests, SQLite and PostgreSQL in turn, and a clock that stands still.

A test that uses `database_file` is about SQLite, and runs only on that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import needs
from tests.storage.postgresql import FAST, Server, serving


class FakeClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        kinds: list[object] = ["sqlite"]
        if "database_file" not in metafunc.fixturenames:
            kinds.append(pytest.param("postgresql", marks=pytest.mark.slow))
        metafunc.parametrize("database_kind", kinds, scope="session")


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
def clock() -> FakeClock:
    return FakeClock()
