"""Tells a peer that floods us from one whose audio comes late. Sans-I/O.

An exchange hands on what a caller says while the caller says it. If the exchange, the network or this host stands
still, the audio of that time comes in one burst. So a burst says nothing. What tells is how much audio has come since
the first message, against the time that has passed since then: nobody speaks for longer than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ivr.telephony.audiosocket.arrivals import BEAT_S
from ivr.telephony.audiosocket.codec import Audio, KeyFrame
from sound.telephone import SAMPLE_RATE_HZ

AHEAD_S: Final = 10.0
"""How much more audio than time there may be. An exchange that is late when it connects first hands over what the
caller has said until then: up to five seconds were seen, which is what a UDP socket of Linux holds by default."""
BEHIND_S: Final = 30.0
"""How much time without audio a peer can make up for later; far more than any standstill that a call survives."""
SHORTEST_S: Final = 0.0025
"""A message counts as this much audio at least: no codec has shorter packets."""


class Pace:
    """Watches how fast one peer sends."""

    def __init__(self) -> None:
        self._spoken_until_s: float | None = None

    def too_fast(self, messages: Sequence[Audio | KeyFrame], now_s: float) -> bool:
        """Note messages that came; returns whether no caller can have said so much.

        Args:
            messages: what came together.
            now_s: when, in seconds of a clock that rises.
        """
        return self.too_much(sum(map(_lasts_s, messages)), now_s)

    def too_much(self, seconds: float, now_s: float) -> bool:
        """Note audio of so many seconds, in the same way."""
        until_s = now_s if self._spoken_until_s is None else self._spoken_until_s
        if until_s < now_s - BEHIND_S:
            until_s = now_s - BEHIND_S
        self._spoken_until_s = until_s = until_s + seconds
        return until_s > now_s + AHEAD_S


def _lasts_s(message: Audio | KeyFrame) -> float:
    """How long it takes to say this, at least. A key withholds audio for longer than the beat that it counts for."""
    if isinstance(message, KeyFrame):
        return BEAT_S
    return max(len(message.payload) / (2 * SAMPLE_RATE_HZ), SHORTEST_S)
