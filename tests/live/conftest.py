"""Live tests run against a real Asterisk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.exchange import find_asterisk
from tests.live.capture import RtpCapture
from tests.live.house import House
from tests.live.network import enter_own_network


def what_is_missing() -> str | None:
    if os.geteuid() != 0:
        return "root is needed (sipp plays RTP through a raw socket, Asterisk runs in a root file system)"
    if shutil.which("sipp") is None:
        return "sipp is missing: make test installs it (Debian's sip-tester)"
    return None


@pytest.fixture(scope="session", autouse=True)
def _own_network() -> None:
    """Where several workers run live tests at once. An Asterisk has to be there before: from within none can be had."""
    if "PYTEST_XDIST_WORKER" in os.environ and not what_is_missing():
        find_asterisk(Path.cwd())
        enter_own_network()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = what_is_missing()
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.live)
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"NOT RUN: {missing}"))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all tests that do not stop its service."""
    with House(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="session")
def capture() -> Iterator[RtpCapture]:
    with RtpCapture() as capture:
        yield capture
