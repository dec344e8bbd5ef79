"""Checks whether a clip is fit for a telephone: level, peak, length, and the silence at its ends."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from prompts.building import sound
from sound.samples import to_float32
from sound.telephone import SAMPLE_RATE_HZ

LEVEL_TOLERANCE_DB: Final = 5.0  # the softest digits of a number, and voices whose peaks come before their level
LONGEST_S: Final = 60.0
LONGEST_SILENCE_S: Final = 0.5
SILENCE_DBFS: Final = -50.0  # callers take this for silence: 30 dB below speech
_ROUNDING_DB: Final = 0.01

_REMEDY: Final = "import another recording, or build it again"


def faults(clip: NDArray[np.int16]) -> list[str]:
    """Return the faults of a clip (8 kHz), each with its figures and its remedy; empty if it is fit."""
    samples = to_float32(clip).astype(np.float64)
    level_dbfs = sound.active_level_dbfs(samples)
    if level_dbfs < SILENCE_DBFS:
        return [f"is silent: its active level is {level_dbfs:.0f} dBFS; {_REMEDY}"]
    found = []
    if abs(level_dbfs - sound.ACTIVE_LEVEL_DBFS) > LEVEL_TOLERANCE_DB:
        found.append(
            f"has an active level of {level_dbfs:.1f} dBFS, "
            f"not {sound.ACTIVE_LEVEL_DBFS:.0f} within {LEVEL_TOLERANCE_DB:.0f} dB; {_REMEDY}"
        )
    peak_dbfs = 20 * np.log10(np.abs(samples).max())
    if peak_dbfs > sound.PEAK_DBFS + _ROUNDING_DB:
        found.append(f"has a peak of {peak_dbfs:.1f} dBFS, above {sound.PEAK_DBFS:.0f}; {_REMEDY}")
    if len(clip) > LONGEST_S * SAMPLE_RATE_HZ:
        found.append(f"lasts {len(clip) / SAMPLE_RATE_HZ:.0f} s, more than {LONGEST_S:.0f}; shorten it")
    before_s, after_s = _silences_s(samples)
    for place, silence_s in (("begins", before_s), ("ends", after_s)):
        if silence_s > LONGEST_SILENCE_S:
            found.append(f"{place} with {silence_s:.1f} s of silence, more than {LONGEST_SILENCE_S}; cut it")
    return found


def _silences_s(samples: sound.Samples) -> tuple[float, float]:
    loud = np.flatnonzero(np.abs(samples) > 10 ** (SILENCE_DBFS / 20))
    return float(loud[0]) / SAMPLE_RATE_HZ, float(len(samples) - 1 - loud[-1]) / SAMPLE_RATE_HZ
