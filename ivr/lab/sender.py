"""What a caller does, 20 ms at a time. The same object calls in the simulator and through a real exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ivr.lab.ear import Ear, Utterance
from sound.telephone import FRAME_SAMPLES

SILENCE: Final = np.zeros(FRAME_SAMPLES, np.int16)
SILENCE.setflags(write=False)


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """An RFC 4733 event that starts now and lasts this many frames of 20 ms."""

    key: str = field(repr=False)
    frames: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What a caller does in 20 ms.

    Attributes:
        audio: int16 at 8 kHz, shape (160,); None if no packet arrives (it is lost, or was not sent).
        lost: whether the packet was sent all the same.
        event: a key that is sent as an event.
        hangs_up: whether the caller hangs up instead.
    """

    audio: NDArray[np.int16] | None = field(default_factory=lambda: SILENCE, repr=False)
    lost: bool = False
    event: KeyEvent | None = None
    hangs_up: bool = False


class Sender(Protocol):
    """A caller: gives what they send, 20 ms at a time."""

    def frame(self, ear: Ear, utterance: Utterance | None) -> Sent:
        """Give the next 20 ms, in answer to what the ear hears; `utterance` has just ended, if it is not None."""


class Recording:
    """A caller who sends these samples (int16, 8 kHz), then silence.

    Args:
        samples: the samples.
        hang_up_at_end: whether the caller then hangs up, instead of waiting.
    """

    def __init__(self, samples: NDArray[np.int16], *, hang_up_at_end: bool = False) -> None:
        self._samples = samples
        self._hang_up_at_end = hang_up_at_end
        self._position = 0

    def frame(self, _ear: Ear, _utterance: Utterance | None) -> Sent:
        """Give the next 20 ms of the recording."""
        frame = self._samples[self._position : self._position + FRAME_SAMPLES]
        self._position += FRAME_SAMPLES
        if not len(frame):
            return Sent(hangs_up=self._hang_up_at_end)
        return Sent(np.concatenate([frame, SILENCE])[:FRAME_SAMPLES])
