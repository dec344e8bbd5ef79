"""A caller's audio as it was sent: what was lost on the way is stood in for, so tones and pauses keep their length.

Here a stream's time runs: positions count what is played out, not what arrived.
"""

from __future__ import annotations

import numpy as np

from dsp.concealment import conceal
from ivr.telephony.audiosocket import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE_HZ


class Playout:
    """One caller's audio."""

    def __init__(self) -> None:
        self._last = bytes(FRAME_BYTES)
        self._frames = 0

    @property
    def position_s(self) -> float:
        """How much there was until now, in seconds."""
        return self._frames * FRAME_SAMPLES / SAMPLE_RATE_HZ

    def frames(self, frame: bytes, lost: int) -> tuple[bytes, ...]:
        """The next audio.

        Args:
            frame: 20 ms that arrived: int16 little-endian at 8 kHz, `FRAME_BYTES` octets.
            lost: how many such frames were lost just before it.

        Returns:
            What stands in for those that were lost, and the frame.
        """
        before, self._last = self._last, frame
        self._frames += lost + 1
        return (*_stand_ins(before, frame, lost), frame) if lost else (frame,)


def _stand_ins(before: bytes, after: bytes, lost: int) -> list[bytes]:
    filled = conceal(np.frombuffer(before, "<i2"), np.frombuffer(after, "<i2"), lost * FRAME_SAMPLES)
    return [frame.astype("<i2").tobytes() for frame in filled.reshape(lost, FRAME_SAMPLES)]
