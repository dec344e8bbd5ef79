"""Fixtures: a settings site with lines in its store, and its visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.portal.server import serving
from tests.portal.stage import CONTRACT, PASSWORD, Stage
from tests.portal.visitor import Visitor


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
