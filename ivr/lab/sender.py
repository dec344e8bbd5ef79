"""What a caller does, 20 ms at a time: the same object calls in the simulator and through a real exchange."""

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
    """An RFC 4733 event that begins now and lasts this many frames of 20 ms."""

    key: str = field(repr=False)
    frames: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What a caller does in 20 ms.

    Attributes:
        audio: int16 at 8 kHz, shape (160,); None: no such packet arrives (it is lost, or was not sent).
        lost: it was sent all the same.
        event: a key that is sent as an event.
        hangs_up: the caller goes away instead.
    """

    audio: NDArray[np.int16] | None = field(default_factory=lambda: SILENCE, repr=False)
    lost: bool = False
    event: KeyEvent | None = None
    hangs_up: bool = False


class Sender(Protocol):
    """A caller."""

    def frame(self, ear: Ear, utterance: Utterance | None) -> Sent:
        """The next 20 ms, in answer to what the ear hears; `utterance` is the one that has just ended, if any."""


class Recording:
    """A caller who sends these samples (int16, 8 kHz), then silence.

    Args:
        samples: what is sent.
        hang_up_at_end: the caller hangs up then, instead of waiting.
    """

    def __init__(self, samples: NDArray[np.int16], *, hang_up_at_end: bool = False) -> None:
        self._samples = samples
        self._hang_up_at_end = hang_up_at_end
        self._position = 0

    def frame(self, _ear: Ear, _utterance: Utterance | None) -> Sent:
        """The next 20 ms that the caller sends."""
        frame = self._samples[self._position : self._position + FRAME_SAMPLES]
        self._position += FRAME_SAMPLES
        if not len(frame):
            return Sent(hangs_up=self._hang_up_at_end)
        return Sent(np.concatenate([frame, SILENCE])[:FRAME_SAMPLES])
