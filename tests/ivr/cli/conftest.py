"""A directory of its own for the `ivr` command, and lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.callers import LINES
from tests.ivr.cli.commands import ivr


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def lines(state: None) -> None:
    Path("lines.csv").write_text(LINES, encoding="utf-8")
    assert ivr("lines", "import", "lines.csv").exit_code == 0
