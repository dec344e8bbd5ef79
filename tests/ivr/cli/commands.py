"""What tests of the `ivr` command type, and the recordings that they give it."""

from __future__ import annotations

import numpy as np
import soundfile
from scipy.signal import resample_poly
from typer.testing import CliRunner, Result

from ivr.cli import app
from sound.samples import to_float32
from sound.telephone import SAMPLE_RATE_HZ
from tests.callers import tones

PASSWORD = "24681357"
KEYS = f"1 {PASSWORD} {PASSWORD}"


def ivr(*words: str, sent: bytes = b"") -> Result:
    return CliRunner().invoke(app, words, input=sent, catch_exceptions=False)


def wav(name: str = "call.wav", keys: str = KEYS, rate: int = 8000, channels: int = 1, subtype: str = "PCM_16") -> str:
    samples = resample_poly(to_float32(tones(keys)), rate, SAMPLE_RATE_HZ)
    soundfile.write(name, np.stack([samples] * channels, axis=1), rate, subtype=subtype)
    return name
