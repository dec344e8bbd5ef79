"""A console with calls in it, and those who visit it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ivr.operators import Role
from tests.ivr.console.server import serving
from tests.ivr.console.stage import NAMES, OPERATOR_PASSWORD, Stage


class Visitor(httpx.Client):
    """A browser without a screen: it keeps cookies, and sends forms with the token that is on the page."""

    def __init__(self, base_url: str, **options: Any) -> None:
        super().__init__(base_url=base_url, timeout=20, headers={"accept-language": "en"}, **options)

    def csrf(self, path: str) -> str:
        """The token of the forms on a page."""
        found = re.search(r'name="csrf" value="(\w+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def fill_in(self, path: str, *, on: str = "/calls", **fields: str) -> httpx.Response:
        """Send a form that is on a page."""
        return self.post(path, data={"csrf": self.csrf(on), **fields})

    def log_in(self, name: str, password: str = OPERATOR_PASSWORD) -> httpx.Response:
        """Send the form of the login page."""
        return self.fill_in("/login", on="/login", name=name, password=password)


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
def logged_in(address: str) -> Iterator[Callable[[Role], Visitor]]:
    visitors: list[Visitor] = []

    def log_in(role: Role) -> Visitor:
        visitor = Visitor(base_url=address)
        visitors.append(visitor)
        assert visitor.log_in(NAMES[role]).status_code == 303
        return visitor

    yield log_in
    for visitor in visitors:
        visitor.close()
