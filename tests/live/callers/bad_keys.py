"""Keys that are not heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from dsp import synthesize
from sound.telephone import SAMPLE_RATE_HZ


def bad_keys(path: Path) -> Path:
    """The key 1, unequal, then short, then off its frequency, again and again: it is never heard.

    A caller who presses more quickly may be typing a password ahead: then the record does not say which keys failed.
    """
    strokes = (
        synthesize("1", twist_db=-12.0, pause_s=2.0),
        synthesize("1", tone_s=0.024, pause_s=2.0),
        synthesize("1", offset_percent=3.0, pause_s=2.0),
    )
    soundfile.write(path, np.tile(np.concatenate(strokes), 12), SAMPLE_RATE_HZ, "PCM_16")
    return path
