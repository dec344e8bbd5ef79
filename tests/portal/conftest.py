"""Fixtures: a settings site with lines in its store, and its visitors.

The store is on SQLite. A test that is marked `both_databases` runs on PostgreSQL, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.portal.server import serving
from tests.portal.stage import CONTRACT, PASSWORD, Stage
from tests.portal.visitor import Visitor
from tests.storage.postgresql import Server


@pytest.fixture(scope="session")
def empty_stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("stage"))
    stage.close()
    return stage


@pytest.fixture(scope="session")
def empty_database(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Stage]:
    """Return the name of a PostgreSQL database from which others are copied, and its stage, closed."""
    name = postgresql.create()
    stage = Stage(tmp_path_factory.mktemp("postgresql"), url=postgresql.url(name))
    stage.close()
    return name, stage


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("both_databases"):
        kinds = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
        metafunc.parametrize("stage", kinds, indirect=True)


@pytest.fixture
def stage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    if getattr(request, "param", "sqlite") == "sqlite":
        with closing(Stage(tmp_path, copy_of=request.getfixturevalue("empty_stage"))) as stage:
            yield stage
        return
    server: Server = request.getfixturevalue("postgresql")
    template, empty = request.getfixturevalue("empty_database")
    name = server.create(template)
    with closing(Stage(tmp_path, url=server.url(name), copy_of=empty)) as stage:
        yield stage
    server.drop(name)


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    with serving(stage.config()) as address:
        yield address


@pytest.fixture
def visitor(address: str) -> Iterator[Visitor]:
    with Visitor(address) as visitor:
        yield visitor


LogIn = Callable[..., Visitor]


@pytest.fixture
def logged_in(address: str) -> Iterator[LogIn]:
    """Return a visitor who has logged in with a number's password."""
    visitors: list[Visitor] = []

    def log_in(number: str = CONTRACT, password: str = PASSWORD) -> Visitor:
        visitor = Visitor(address)
        visitors.append(visitor)
        assert visitor.log_in(number, password).status_code == 303
        return visitor

    yield log_in
    for visitor in visitors:
        visitor.close()
