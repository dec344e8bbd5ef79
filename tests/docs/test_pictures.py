"""The tool that draws the pictures of the documents: what it is asked for, and who calls meanwhile."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.repository import ROOT


@pytest.fixture(scope="module", autouse=True)
def _found() -> None:
    sys.path.insert(0, str(ROOT / "docs"))


@pytest.fixture
def tool() -> ModuleType:
    return import_module("pictures.__main__")


def test_all_pictures_are_drawn_into_the_documents_unless_others_are_asked_for(
    tool: ModuleType, tmp_path: Path
) -> None:
    every = tool.arguments([])
    assert (every.target, set(every.parts)) == (ROOT / "docs", {"plots", "console", "story"})
    one = tool.arguments(["--only", "console", str(tmp_path)])
    assert (one.target, one.parts) == (tmp_path, ["console"])


def test_a_directory_that_is_not_there_is_named(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        tool.arguments([str(tmp_path / "nowhere")])
    assert f"{tmp_path / 'nowhere'} is no directory" in capsys.readouterr().err


def test_those_who_call_at_the_same_time_have_a_number_each() -> None:
    callers = import_module("pictures.callers")
    for people in (callers.BEFORE, callers.GOING_ON.values()):
        numbers = [person.number for person in people]
        assert len(set(numbers)) == len(numbers)
