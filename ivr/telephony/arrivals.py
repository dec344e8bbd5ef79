"""Tells lost frames from late ones, by when frames arrive.

AudioSocket has no sequence numbers or time stamps: where RTP packets are lost the stream simply closes up. But a
caller's audio comes in a steady beat, so a frame that arrives a whole beat late, and alone, tells of one that was lost
before it. A frame that is merely late (jitter, a busy machine) is followed by, or comes together with, the ones that
waited behind it. Losing sight of a loss, or seeing one too many, does no more harm than the loss itself: the receiver
then hears a tone or a pause 20 ms shorter or longer than it was.
"""

from __future__ import annotations

from typing import Final

BEAT_S: Final = 0.02
LATE: Final = 0.6
"""In beats: a frame later than this is taken for the one after a lost one."""
MOST_LOST: Final = 4
"""A longer gap is a pause of the sender (an RFC 4733 key, a call on hold), not a loss to be filled."""
FOLLOW: Final = 0.1
"""How fast the beat that is expected follows the one that is heard (clocks differ, networks drift)."""


class Arrivals:
    """Watches the beat of one call's frames."""

    def __init__(self) -> None:
        self._due_s: float | None = None

    def lost_before(self, frames: int, now_s: float) -> int:
        """Note that frames of 20 ms arrived together.

        Args:
            frames: how many, at least 1.
            now_s: when, in seconds of a clock that rises.

        Returns:
            How many frames were lost before the first of them.
        """
        if self._due_s is None:
            self._due_s = now_s + BEAT_S
            return 0
        last_due_s = self._due_s + (frames - 1) * BEAT_S
        late = (now_s - last_due_s) / BEAT_S
        lost = int(late + 1.0 - LATE) if late > 0.0 else 0
        if lost > MOST_LOST or late < -1.0:  # a pause, or more than was due: the beat begins anew
            self._due_s = now_s + BEAT_S
            return 0
        expected_s = last_due_s + lost * BEAT_S
        self._due_s = expected_s + FOLLOW * (now_s - expected_s) + BEAT_S
        return lost
