"""Fixtures: a small catalogue that is built with sine tones."""

from pathlib import Path

import pytest

from prompts.building.build import build
from prompts.script import read_script
from tests.prompts.small import SMALL, SineVoice


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a directory with a small catalogue that is not built yet."""
    (tmp_path / "ja.toml").write_text(SMALL, encoding="utf-8")
    return tmp_path


@pytest.fixture
def voice() -> SineVoice:
    return SineVoice()


@pytest.fixture
def built(small: Path, voice: SineVoice) -> Path:
    """Return the directory of the small catalogue with its audio."""
    build(read_script("ja", small), voice, small)
    return small
