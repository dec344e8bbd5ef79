"""Fixtures: a console with calls in it, and its visitors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.operators import Role
from credentials.schema import CREDENTIALS
from ivr.records import open_records
from ivr.records.schema import IVR_HISTORY
from storage.database import Database
from storage.migrate import History
from tests.console.server import serving
from tests.console.stage import NAMES, Stage
from tests.console.visitor import LogIn, Visitor


@pytest.fixture(scope="session")
def empty_stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("stage"))
    stage.close()
    return stage


@pytest.fixture
def stage(tmp_path: Path, empty_stage: Stage) -> Iterator[Stage]:
    stage = Stage(tmp_path, copy_of=empty_stage)
    yield stage
    stage.close()


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    with serving(stage.config()) as address:
        yield address


@pytest.fixture
def visitor(address: str) -> Iterator[Visitor]:
    with Visitor(base_url=address) as visitor:
        yield visitor


@pytest.fixture
def logged_in(address: str) -> Iterator[LogIn]:
    visitors: list[Visitor] = []

    def log_in(role: Role) -> Visitor:
        visitor = Visitor(base_url=address)
        visitors.append(visitor)
        assert visitor.log_in(NAMES[role]).status_code == 303
        return visitor

    yield log_in
    for visitor in visitors:
        visitor.close()


@pytest.fixture
def schemas() -> tuple[History, ...]:
    return CREDENTIALS, IVR_HISTORY


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    opened = open_records(migrated_url)
    yield opened
    opened.close()
