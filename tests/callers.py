"""Callers made of tones, and the line that they call from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp import synthesize
from sound.samples import to_int16

LINES = "contract_number,number\n0312345678,0312345679\n"


def tones(keys: str, *, tone_s: float = 0.1, pause_s: float = 0.1) -> NDArray[np.int16]:
    """Keys as a caller's phone sends them; a space is half a second's rest."""
    rest = np.zeros(4000, np.int16)
    groups = [to_int16(synthesize(group, tone_s=tone_s, pause_s=pause_s)) for group in keys.split(" ")]
    return np.concatenate([part for group in groups for part in (group, rest)])
