"""Figures are read as they were written, and a file without them is refused by name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ivr.lab.sizing.figures import FiguresError, read_figures
from tests.ivr.lab.sizing.samples import FIGURES


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    FIGURES.write(path)
    assert read_figures(path) == FIGURES


def changed(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "figures.json"
    FIGURES.write(path)
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | changes))
    return path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"form": 2}, "has no figures of form 1"),
        ({"calls": None}, "calls is missing"),
        ({"processors": "two"}, "processors is 'two', not a number"),
        ({"processors": True}, "processors is True, not a number"),
        ({"memory_mib": -1}, "memory_mib is -1"),
        ({"version": 3}, "version is 3, not a text"),
        ({"trail": {"counted": 1}}, "trail: each_second is None"),
        ({"logins": {"counted": 1, "each_second": float("nan"), "site": 1, "database": 1}}, "each_second is nan"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_the_remedy(tmp_path: Path, changes: Any, said: str) -> None:
    with pytest.raises(FiguresError, match=re.escape(said)) as told:
        read_figures(changed(tmp_path, **changes))
    assert "ivr capacity --figures" in str(told.value)


@pytest.mark.parametrize("content", ["", "[]", "{", '"text"'])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "figures.json"
    path.write_text(content)
    with pytest.raises(FiguresError, match=re.escape(str(path))):
        read_figures(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FiguresError, match="No such file"):
        read_figures(tmp_path / "none.json")
