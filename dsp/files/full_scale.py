"""Corrects float samples at the wrong scale: full scale is 1.0, but some programs keep the values of integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SCALES: Final = {16: 32_768.0, 24: 8_388_608.0, 32: 2_147_483_648.0}
"""The full scale of integers, by their bits."""
_OVERSHOOT: Final = 8.0
"""Times full scale (18 dB): the most that audio reaches if it was only mixed or filtered too loud."""
_AUDIBLE_OVERSHOOT: Final = 1.12
"""Times full scale (1 dB): a resampler overshoots by less if audio just reached full scale."""
_SHARE_OF_A_SECOND: Final = 100
"""This share is 10 ms of samples: more than a few damaged ones."""


class FullScale:
    """Brings samples to the full scale of 1.0, piece by piece.

    The scale is found on the first piece that has 10 ms of samples beyond eight times full scale: it is the smallest
    that fits them of 16, 24 and 32 bit integers. Samples that are still beyond full scale are left to be clipped.

    Args:
        rate: sampling rate in Hz.
        remark: called with a sentence about what was found, without the file's name.
    """

    def __init__(self, rate: int, remark: Callable[[str], None]) -> None:
        self._many = max(rate // _SHARE_OF_A_SECOND, 1)
        self._remark = remark
        self._scale = 1.0
        self._clipped = False

    def applied(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the samples at full scale 1.0, in their shape."""
        if self._scale == 1.0:
            size = np.abs(samples)
            if self._is_beyond(size, _OVERSHOOT):
                self._find(size)
            elif not self._clipped and self._is_beyond(size, _AUDIBLE_OVERSHOOT):
                self._clipped = True
                self._remark(f"its samples reach {float(np.nanmax(size)):.1f} times full scale, and are clipped there")
        return samples if self._scale == 1.0 else samples / np.float32(self._scale)

    def _find(self, size: NDArray[np.float32]) -> None:
        for bits, scale in _SCALES.items():
            if not self._is_beyond(size, scale):
                self._scale = scale
                self._remark(
                    f"its float samples go up to {float(size[size <= scale].max()):.0f}, not 1.0:"
                    f" taken as integers of {bits} bits, and divided by {scale:.0f}"
                )
                return

    def _is_beyond(self, size: NDArray[np.float32], limit: float) -> bool:
        return int(np.count_nonzero(size > limit)) >= self._many
