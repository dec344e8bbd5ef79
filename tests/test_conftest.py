"""A test that cannot run says so; where `CI` is set, that is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs
from tests.repository import ROOT

pytestmark = pytest.mark.slow

SKIPS = """
import pytest

@pytest.fixture
def what_is_not_here():
    pytest.skip("NOT RUN: no such thing is installed")

def test_of_it(what_is_not_here): ...

@pytest.mark.skip(reason="NOT RUN: no root")
def test_as_root(): ...

@pytest.mark.xfail
def test_that_fails(): assert False
"""


def outcome(directory: Path, *, ci: bool) -> str:
    (directory / "test_something.py").write_text(SKIPS)
    environment = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "tests.conftest", "-p", "no:cacheprovider", str(directory)],
        env={**environment, "PYTHONPATH": str(ROOT), **({"CI": "true"} if ci else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("ci", [False, True])
def test_what_cannot_run_is_told_with_its_reason(tmp_path: Path, ci: bool) -> None:
    told = outcome(tmp_path, ci=ci)
    assert "NOT RUN: no such thing is installed" in told
    assert "NOT RUN: no root" in told


def test_where_every_test_must_run_one_that_cannot_has_failed(tmp_path: Path) -> None:
    assert "2 skipped, 1 xfailed" in outcome(tmp_path, ci=False)
    there = outcome(tmp_path, ci=True)
    assert "skipped" not in there
    assert "1 xfailed, 2 errors" in there


def test_make_installs_what_the_tests_look_for() -> None:
    assert (Path(__file__).parent / "debian-packages").read_text().split() == list(needs.PACKAGES)
