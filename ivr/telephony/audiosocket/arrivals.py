"""Tells missing frames from late ones by the times at which frames arrive.

AudioSocket has no sequence numbers or time stamps. If RTP packets are lost, or a pause is not sent, the stream simply
closes up. But a caller's audio comes in a steady beat. So a frame that arrives a whole beat late may mean that one is
missing before it. The next frame shows whether it does. Behind a missing frame, the next one is late too. Behind a
frame that was merely held up (jitter, a busy machine), the waiting ones come at once, on the old beat. So a late frame
is in doubt, and is held back, until the next one comes, or fails to come when it should.
"""

from __future__ import annotations

from typing import Final

BEAT_S: Final = 0.02
LATE: Final = 0.6
"""In beats: a frame later than this may be the one after a lost one."""
KEPT: Final = 4
"""After a gap of more beats than this a sender may take up another beat."""
FOLLOW: Final = 0.1
"""How fast the expected beat follows the observed one (clocks differ, networks drift)."""
PATIENCE_S: Final = 1.25 * BEAT_S
"""How long to wait for the frame after a late one."""


class Arrivals:
    """Watches the beat of one call's frames.

    Attributes:
        ahead: more frames have come than were due, so some that seemed to be missing were late.
    """

    def __init__(self) -> None:
        self._due_s: float | None = None
        self._doubted = 0
        self._doubted_at_s = 0.0
        self.ahead = False

    @property
    def in_doubt(self) -> bool:
        """Whether it is still unknown if frames were lost before the ones that came last."""
        return self._doubted > 0

    @property
    def expected(self) -> bool:
        """Whether the time of the next frame is known."""
        return self._due_s is not None

    def on_beat(self, now_s: float) -> bool:
        """Note that one frame arrived, as `arrived` does, but only if nothing is missing, in doubt or ahead.

        Returns:
            Whether that was so, as it usually is. If not, nothing has been noted.
        """
        due_s = self._due_s
        if due_s is None or self._doubted or not -1.0 <= (now_s - due_s) / BEAT_S < LATE:
            return False
        self._due_s = due_s + FOLLOW * (now_s - due_s) + BEAT_S
        self.ahead = False
        return True

    def arrived(self, frames: int, now_s: float) -> int:
        """Note that frames of 20 ms arrived together.

        Args:
            frames: how many, at least 1.
            now_s: when, in seconds of a clock that rises.

        Returns:
            How many frames are missing before those that were in doubt until now.
        """
        if self._due_s is None:
            self._due_s = now_s + BEAT_S
            return 0
        self.ahead = False
        last_due_s = self._due_s + (frames - 1) * BEAT_S
        late = (now_s - last_due_s) / BEAT_S
        behind = int(late + 1.0 - LATE) if late >= LATE else 0
        # Less late than the one before: waiting frames are coming, and how many is still to be seen.
        confirmed = self._doubted if behind >= self._doubted else 0
        self._doubted = behind - confirmed
        self._doubted_at_s = now_s
        self.ahead = late < -1.0
        if confirmed > KEPT or self.ahead:  # another beat, or more than was due
            self._begin_anew(now_s + BEAT_S)
            return confirmed
        expected_s = last_due_s + confirmed * BEAT_S
        follow = 0.0 if self._doubted else FOLLOW
        self._due_s = expected_s + follow * (now_s - expected_s) + BEAT_S
        return confirmed

    def settle(self, now_s: float) -> int | None:
        """End a doubt that has lasted too long.

        Args:
            now_s: the time, in seconds of the same clock.

        Returns:
            How many frames are missing before those that were in doubt until now; None if nothing was settled.
        """
        if not self._doubted or self._due_s is None or now_s - self._doubted_at_s < PATIENCE_S:
            return None
        missing, self._doubted = self._doubted, 0
        self._due_s += missing * BEAT_S
        return missing

    def interrupted(self) -> None:
        """Note that the exchange withheld audio: the next frame starts a new beat, and nothing is missing before it."""
        self._begin_anew(None)

    def _begin_anew(self, due_s: float | None) -> None:
        self._due_s = due_s
        self._doubted = 0
