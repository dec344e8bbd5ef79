"""The virtual environment is either whole or known not to be, and a failure is one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import ROOT

TOOLS = ROOT / "docker"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(TOOLS, tmp_path / "docker")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "requirements.lock").write_text(f"nothing==1.0 --hash=sha256:{'0' * 64}\n", encoding="ascii")
    return tmp_path


def python_packages(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "docker" / "python-packages"), sys.executable, ".venv"],
        # An index address on this machine where nothing listens.
        env={
            "PATH": "/usr/bin:/bin",
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": "http://127.0.0.1:9/",
            "PIP_RETRIES": "1",
        },
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_an_index_one_line_says_why_and_the_environment_is_not_complete(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    old = checkout / ".venv" / ".complete"  # of a lock that has changed since
    old.touch()
    os.utime(old, (0, 0))
    done = python_packages(checkout)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "no connection to the package server" in line
    assert line.endswith("(log: .venv/setup.log)")
    assert "No matching distribution" in (checkout / ".venv" / "setup.log").read_text(encoding="utf-8")
    assert not old.exists()


def test_an_environment_that_is_complete_is_left_alone(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / ".complete").touch()
    done = python_packages(checkout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
