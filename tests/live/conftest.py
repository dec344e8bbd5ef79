"""Live tests run against a real Asterisk."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivr.exchange.process import find_asterisk
from tests import needs
from tests.live.hearing.capture import RtpCapture
from tests.live.house import House
from tests.live.network import enter_own_network

if TYPE_CHECKING:
    pass


@pytest.fixture(scope="session", autouse=True)
def _own_network() -> None:
    """A network for each worker of live tests. Install Asterisk before: from within, none can be fetched."""
    if "PYTEST_XDIST_WORKER" in os.environ and not needs.for_calls():
        find_asterisk(Path.cwd())
        enter_own_network()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test of a crowd while no other worker of this checkout runs a live test."""
    with Path(__file__).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX if item.get_closest_marker("crowd") else fcntl.LOCK_SH)
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = needs.for_calls()
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.live)
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"NOT RUN: {missing}"))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all tests that do not stop its service."""
    with House(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="session")
def capture() -> Iterator[RtpCapture]:
    with RtpCapture() as capture:
        yield capture
