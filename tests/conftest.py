"""A test that cannot run says so; where `CI` is set, that is a failure."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
import structlog

from tests import needs

pytest_plugins = ["tests.storage.databases"]


def pytest_report_header() -> list[str]:
    """Say first what will be missing."""
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


@pytest.fixture(autouse=True)
def _logs_are_not_left_to_the_next_test() -> Iterator[None]:
    """A command sets the process's logs up; a test after it that reads what is logged would find nothing."""
    yield
    structlog.reset_defaults()
