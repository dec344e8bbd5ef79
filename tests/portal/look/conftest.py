"""Fixtures: a browser, and a site on which everybody has a password."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.portal.look.browsing import people
from tests.portal.stage import Stage


@pytest.fixture(scope="session")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("populated"))
    people(stage)
    stage.close()
    return stage


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory, populated: Stage) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("stage"), copy_of=populated)
    yield stage
    stage.close()
