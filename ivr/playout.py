"""A caller's audio as it was sent: what was lost on the way is stood in for, so tones and pauses keep their length.

Here a stream's time runs: positions count what is played out, not what arrived.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.concealment import conceal
from ivr.telephony.audiosocket import FRAME_SAMPLES, SAMPLE_RATE_HZ

_SILENCE: Final = np.zeros(FRAME_SAMPLES, np.int16)


class Playout:
    """One caller's audio."""

    def __init__(self) -> None:
        self._last = _SILENCE
        self._samples = 0

    @property
    def position_s(self) -> float:
        """How much there was until now, in seconds."""
        return self._samples / SAMPLE_RATE_HZ

    def frames(self, frame: NDArray[np.int16], lost: int) -> NDArray[np.int16]:
        """The next audio.

        Args:
            frame: 20 ms that arrived, int16 at 8 kHz, shape (160,).
            lost: how many such frames were lost just before it.

        Returns:
            What stands in for those that were lost, and the frame: int16, shape (lost + 1, 160).
        """
        played = frame[None, :]
        if lost:
            stand_ins = conceal(self._last, frame, lost * FRAME_SAMPLES).reshape(lost, FRAME_SAMPLES)
            played = np.concatenate([stand_ins, played])
        self._last = frame
        self._samples += played.size
        return played
