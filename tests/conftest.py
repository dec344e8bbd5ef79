"""What holds for all tests.

A test that cannot run says so; where `CI` is set, that is a failure. Hypothesis has one profile.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests import needs

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["tests.storage.databases"]

# How long an example takes says nothing of the product: code is compiled in the first, and other tests run beside it.
# A fixture that is made once for all examples is what tests of the store and of the console want.
settings.register_profile(
    "karipass", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("karipass")


def pytest_report_header() -> list[str]:
    """Say first which packages will be missing."""
    missing = needs.missing()
    return [f"tests that need them are not run: {needs.remedy(missing)}"] if missing else []


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            needs.package(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} could not run, and here (CI is set) every test must: {reason}"
    return report


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright

    chromium = needs.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _logs_are_not_left_to_the_next_test() -> Iterator[None]:
    """A command sets up the process's logs; a later test that reads the log would find nothing."""
    yield
    structlog.reset_defaults()
