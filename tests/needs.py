"""What some tests need of the machine. Without it they are not run, and say so (`tests/conftest.py`)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from tests.credentials.postgresql import server_programs


def not_run(missing: str) -> NoReturn:
    pytest.skip(f"NOT RUN: {missing}")


def postgresql() -> Path:
    """The directory of a server's programs."""
    return server_programs() or not_run("no PostgreSQL server is installed (Debian: apt-get install postgresql)")


def chromium() -> str:
    """The browser."""
    return shutil.which("chromium") or not_run("no chromium is installed (Debian: apt-get install chromium)")
