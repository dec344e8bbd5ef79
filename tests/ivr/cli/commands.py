"""What tests of the `ivr` command share: a directory of its own, and lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly
from typer.testing import CliRunner, Result

from ivr.cli import app
from sound.samples import to_float32
from sound.telephone import SAMPLE_RATE_HZ
from tests.callers import LINES, tones

PASSWORD = "24681357"
KEYS = f"1 {PASSWORD} {PASSWORD}"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def ivr(*words: str, sent: bytes = b"") -> Result:
    return CliRunner().invoke(app, words, input=sent, catch_exceptions=False)


@pytest.fixture
def lines() -> None:
    Path("lines.csv").write_text(LINES, encoding="utf-8")
    assert ivr("lines", "import", "lines.csv").exit_code == 0


def wav(name: str = "call.wav", keys: str = KEYS, rate: int = 8000, channels: int = 1, subtype: str = "PCM_16") -> str:
    samples = resample_poly(to_float32(tones(keys)), rate, SAMPLE_RATE_HZ)
    soundfile.write(name, np.stack([samples] * channels, axis=1), rate, subtype=subtype)
    return name
