"""What the callers of a load hear, for all of them at once: when guidance starts, and when it falls silent.

Packets are known by their loudness alone. That costs a few microseconds a packet, and recognising guidance a thousand
times as much.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp import ulaw_decode
from ivr.lab.ear import PAUSE_S, SPEECH_RMS
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

QUIET_S: Final = 0.2
"""Guidance that starts has at least this much silence before it: its lead-in. Guidance that a key stops has it after
it."""
_FRAME_S: Final = FRAME_SAMPLES / SAMPLE_RATE_HZ
_LATELY_S: Final = 0.06
"""Guidance is being heard if its last packet came this lately."""
_POWER: Final = np.square(ulaw_decode(np.arange(256, dtype=np.uint8)).astype(np.float32))


def loud(payloads: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell speech from silence in packets of mu-law audio.

    Args:
        payloads: code words, shape (packets, samples).

    Returns:
        Whether each packet has speech, shape (packets,).
    """
    found: NDArray[np.bool_] = _POWER[payloads].mean(axis=1) > SPEECH_RMS**2
    return found


def loud_samples(samples: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Do as `loud` does, for linear audio.

    Args:
        samples: int16, shape (packets, samples).
    """
    found: NDArray[np.bool_] = np.square(samples, dtype=np.float32).mean(axis=1) > SPEECH_RMS**2
    return found


class Hearing:
    """The ears of all callers, each in a place of its own.

    Args:
        places: how many callers there are.
    """

    def __init__(self, places: int) -> None:
        self._last_loud = np.full(places, -np.inf)
        self._speaking = np.zeros(places, np.bool_)
        self._pressed = np.full(places, -np.inf)
        self._stopping = np.zeros(places, np.bool_)

    def clear(self, place: int) -> None:
        """Make a place ready for the next call."""
        self._last_loud[place] = self._pressed[place] = -np.inf
        self._speaking[place] = self._stopping[place] = False

    def packets(
        self, places: NDArray[np.intp], has_speech: NDArray[np.bool_], at: NDArray[np.float64]
    ) -> list[tuple[int, float]]:
        """Hear packets.

        Args:
            places: whose packet each is, shape (packets,).
            has_speech: whether it has speech (`loud`).
            at: when it came, rising.

        Returns:
            Each place in which guidance starts, and when.
        """
        whose, when = places[has_speech], at[has_speech]
        silence = np.minimum(when - self._last_loud[whose], when - self._pressed[whose])
        starts = (silence >= QUIET_S) & ~self._speaking[whose]
        self._last_loud[whose] = when  # of several packets for one place the last one counts
        found: dict[int, float] = {}
        for place, started in zip(whose[starts].tolist(), when[starts].tolist(), strict=True):
            found.setdefault(place, started)
        self._speaking[list(found)] = True
        return list(found.items())

    def key_started(self, place: int, at: float) -> None:
        """Note that a caller presses a key. The guidance that is heard now is over for the caller, who waits for more.

        Args:
            place: the caller's place.
            at: when the key started.
        """
        self._stopping[place] = self._speaking[place] and at - self._last_loud[place] <= _LATELY_S
        self._speaking[place] = False
        self._pressed[place] = at

    def fell_silent(self, now: float) -> list[int]:
        """Find the places in which guidance has ended: it is silent for longer than it pauses."""
        ended = np.flatnonzero(self._speaking & (now - self._last_loud >= PAUSE_S))
        self._speaking[ended] = False
        found: list[int] = ended.tolist()
        return found

    def stopped(self, now: float) -> list[tuple[int, float]]:
        """Find the places in which a key has stopped guidance.

        Returns:
            Each place, and how long after the key's start the first silent packet came, in seconds. Guidance that was
            just about to pause is left out.
        """
        silence = now - np.maximum(self._last_loud, self._pressed)
        ended = np.flatnonzero(self._stopping & (silence >= QUIET_S))
        self._stopping[ended] = False
        found = self._last_loud[ended] + _FRAME_S - self._pressed[ended]
        return [(place, took) for place, took in zip(ended.tolist(), found.tolist(), strict=True) if took > _FRAME_S]
