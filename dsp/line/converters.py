"""What converters do to audio: cut what is too loud, and code it by a law of G.711."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dsp.line.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from dsp.line.samples import Samples


class Law(StrEnum):
    """How G.711 codes the audio."""

    ULAW = "ulaw"
    ALAW = "alaw"
    LINEAR = "linear"
    """Not at all: as a recording of 16 bits has it."""


def clipped(samples: Samples, ceiling: float) -> Samples:
    """Overdriven: what exceeds the ceiling, a peak amplitude, is cut off."""
    return samples.clip(-ceiling, ceiling)


def companded(samples: NDArray[np.int16], law: Law) -> NDArray[np.int16]:
    """Through G.711 and back."""
    match law:
        case Law.ULAW:
            return ulaw_decode(ulaw_encode(samples))
        case Law.ALAW:
            return alaw_decode(alaw_encode(samples))
        case Law.LINEAR:
            return samples
