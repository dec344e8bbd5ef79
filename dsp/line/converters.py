"""Treats audio as converters do: cuts what is too loud, and codes it by a law of G.711."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dsp.line.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from dsp.line.samples import Samples


class Law(StrEnum):
    """The law by which G.711 codes the audio."""

    ULAW = "ulaw"
    ALAW = "alaw"
    LINEAR = "linear"
    """No coding: 16 bits, as in a recording."""


def clipped(samples: Samples, ceiling: float) -> Samples:
    """Return the samples with what exceeds the ceiling, a peak amplitude, cut off."""
    return samples.clip(-ceiling, ceiling)


def companded(samples: NDArray[np.int16], law: Law) -> NDArray[np.int16]:
    """Return the samples after coding by G.711 and decoding."""
    match law:
        case Law.ULAW:
            return ulaw_decode(ulaw_encode(samples))
        case Law.ALAW:
            return alaw_decode(alaw_encode(samples))
        case Law.LINEAR:
            return samples
