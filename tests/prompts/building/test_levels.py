import numpy as np
import pytest
from numpy.typing import NDArray

from prompts.building.levels import faults
from sound.samples import to_int16


def speech(
    amplitude: float = 0.14, duration_s: float = 1.0, before_s: float = 0.0, after_s: float = 0.0
) -> NDArray[np.int16]:
    time = np.arange(round(duration_s * 8000)) / 8000
    tone = amplitude * np.sin(2 * np.pi * 500 * time)
    return to_int16(np.pad(tone, (round(before_s * 8000), round(after_s * 8000))))


def test_a_clip_at_telephone_level_has_no_fault() -> None:
    assert faults(speech(before_s=0.02, after_s=0.4)) == []


@pytest.mark.parametrize(
    ("clip", "fault"),
    [
        (speech(0.05), "has an active level of -29.0 dBFS, not -20 within 5 dB"),
        (speech(0.8), "has a peak of -1.9 dBFS, above -3"),
        (speech(0.0), "is silent: its active level is -inf dBFS"),
        (speech(0.001), "is silent: its active level is -63 dBFS"),
        (speech(duration_s=61), "lasts 61 s, more than 60"),
        (speech(before_s=0.7), "begins with 0.7 s of silence, more than 0.5"),
        (speech(after_s=2.0), "ends with 2.0 s of silence, more than 0.5"),
    ],
)
def test_a_fault_is_told_with_its_figures_and_a_remedy(clip: NDArray[np.int16], fault: str) -> None:
    found = [told.split("; ") for told in faults(clip)]
    assert fault in [told for told, _ in found]
    assert all(remedy for _, remedy in found)
