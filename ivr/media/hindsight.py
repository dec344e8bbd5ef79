"""Takes back silence that was wrong: audio that had been given up came late.

When nothing has come for a while, a caller's time goes on in silence, so that a key ends even if it was the last thing
sent (`ivr.telephony.audiosocket.inbox`). If a network, or the host, stood still for longer, the audio that was sent
meanwhile comes after all. A key that is being pressed would then be heard twice: before the silence and behind it. So
the receiver goes back to where it was before the silence. What it has reported since stays reported: a key that started
or ended then is not reported again when it is heard once more.
"""

from __future__ import annotations

from typing import Final

from dsp import BurstRefused, DetectorBank, Event, Key, KeyEnded, KeyStarted, Memory

SAME_S: Final = 0.04
"""Two presses of a key cannot start within this time. One press, heard again, may seem to start a little aside."""


class Hindsight:
    """Remembers a channel of the receiver as it was before the last silence, and what was reported since."""

    def __init__(self, bank: DetectorBank, slot: int) -> None:
        self._bank = bank
        self._slot = slot
        self._memory: Memory | None = None
        self._told: list[Event] = []
        self._known: list[Event] = []

    def silence_begins(self) -> None:
        """Remember the receiver's channel: from here on silence is given that may have to be taken back."""
        self._memory = self._bank.remember(self._slot)
        self._told.clear()

    def silence_stands(self) -> None:
        """Let the silence stand: what comes now was sent after it."""
        self._memory = None

    def take_back(self) -> None:
        """Take the silence back: what comes now was sent before it."""
        if self._memory is not None:
            self._bank.restore(self._slot, self._memory)
            self._known += self._told
            self._memory = None

    def news(self, event: Event) -> Event | None:
        """Turn an event of the receiver into the one to report; None if it was already reported."""
        known = next((known for known in self._known if type(known) is type(event) and _same(known, event)), None)
        if known is not None:
            self._known.remove(known)
        elif isinstance(event, BurstRefused) and self._stands_open(event):
            event = KeyEnded(event.slot, _as_key(event))
        if self._memory is not None:
            self._told.append(event)
        return event if known is None else None

    def _stands_open(self, refused: BurstRefused) -> bool:
        """Whether the burst that is refused now was reported as a key that started, and not yet as one that ended."""
        told = [known for known in self._known if _same(known, refused)]
        self._known = [known for known in self._known if known not in told]
        return any(isinstance(known, KeyStarted) for known in told) and not any(
            isinstance(known, KeyEnded) for known in told
        )


def _same(first: Event, second: Event) -> bool:
    (key, begin_s), (other, other_begin_s) = _press(first), _press(second)
    return key == other and abs(begin_s - other_begin_s) < SAME_S


def _press(event: Event) -> tuple[str, float]:
    match event:
        case KeyStarted(key=key, begin_s=begin_s):
            return key, begin_s
        case KeyEnded(key=burst) | BurstRefused(near_miss=burst):
            return burst.key, burst.begin_s


def _as_key(event: BurstRefused) -> Key:
    missed = event.near_miss
    return Key(
        missed.key,
        missed.begin_s,
        missed.end_s,
        missed.low_dbm0,
        missed.high_dbm0,
        missed.snr_db,
        missed.low_offset_percent,
        missed.high_offset_percent,
    )
