"""The way on which the callers of a load reach the service.

There are two: by SIP and RTP through an Asterisk (`sip`), as subscribers do, and straight to the service (`direct`), as
Asterisk would, for more calls than one Asterisk carries. The loop of the callers knows none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ivr.lab.load.crowd.keying import Keying
from ivr.lab.load.crowd.plan import Plan
from ivr.media.clock import TICK_S

SLOTS: Final = 10
"""Within 20 ms there are so many moments at which packets leave; each place has one of them."""
SLOT_S: Final = TICK_S / SLOTS
LOSS_FRAMES: Final = 4096
"""After so many frames the pattern of lost packets repeats: 82 s, longer than most calls."""


class Change(Enum):
    """What becomes of a call. After `REFUSED` and `ENDED` its place is free."""

    ANSWERED = auto()
    REFUSED = auto()
    ENDED = auto()


@dataclass(frozen=True, slots=True)
class EntrySent:
    """An entry's first or last frame has been sent.

    Attributes:
        place: whose entry it is.
        keying: the entry.
        is_over: whether it was the last frame.
    """

    place: int
    keying: Keying
    is_over: bool


Heard = tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.float64]]
"""Packets: whose each is, whether it has speech, and when it came, in rising seconds of the loop's clock."""


class Trunk(Protocol):
    """Carries the calls of all places. No method waits for anything."""

    def dial(self, place: int, plan: Plan, chance: np.random.Generator, now: float) -> None:
        """Start the call of a place.

        Args:
            place: the place, which is free.
            plan: what its caller means to do.
            chance: draws what the plan leaves open, such as which packets are lost.
            now: the time.
        """

    def press(self, place: int, keying: Keying) -> None:
        """Send an entry, from the next frame on."""

    def hang_up(self, place: int, now: float) -> None:
        """End the call of a place. The place is free when that has been reported."""

    def changes(self, now: float) -> list[tuple[int, Change]]:
        """Take what has become of calls."""

    def hear(self, now: float) -> Iterator[Heard]:
        """Take the audio that has come."""

    def send(self, slot: int) -> list[EntrySent]:
        """Send a frame for each call of a slot; returns which entries start and end with it."""

    def close(self) -> None:
        """Close all sockets."""


class Way(Protocol):
    """Opens a trunk in the callers' process, to which it is sent."""

    def open(self, places: int) -> Trunk:
        """Open the trunk for so many calls at once."""


def lost_frames(chance: np.random.Generator, loses: float) -> NDArray[np.bool_]:
    """Draw which frames of a call are lost, shape (LOSS_FRAMES,); the pattern repeats."""
    return chance.random(LOSS_FRAMES) < loses if loses else np.zeros(LOSS_FRAMES, np.bool_)
