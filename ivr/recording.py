"""Recordings of callers, as the telephone network would have carried them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsp import AudioError, read_audio, to_8k
from ivr.dialogue.limits import AFTER_THE_CALL_S


def read_recording(path: Path, *, call_s: float) -> NDArray[np.int16]:
    """Read what a caller sends from an audio file of any rate and coding; channels are averaged.

    Args:
        path: the file.
        call_s: the longest that a call may last; what a caller sends later is not read.

    Returns:
        int16 at 8 kHz, shape (samples,).

    Raises:
        AudioError: the file is no audio that can be read; the message names it.
    """
    samples, fs = read_audio(path, longest_s=call_s + AFTER_THE_CALL_S)
    try:
        return to_int16(to_8k(samples, fs))
    except ValueError as error:
        raise AudioError(f"{path}: {error}") from None


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Samples with full scale 1.0 as int16; what is over, or no number, is clipped."""
    finite = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    scaled: NDArray[np.float32] = np.rint(finite * 32768.0)
    return scaled.clip(-32768, 32767).astype(np.int16)
