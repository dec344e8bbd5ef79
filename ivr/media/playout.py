"""Plays out a caller's audio at its true length: tones and pauses keep their length, whatever did not arrive.

Audio is missing for one of three reasons: packets were lost, the caller's telephone sends none in a pause (silence
suppression), or an RFC 4733 event goes on and the exchange withholds audio. A gap of one packet is a loss, because no
pause between keys is so short. Around a longer gap, the two edges decide:

- A tone that sounds in phase on both sides went on (`dsp.line.continuity`), and so did one that is weaker behind the
  gap: that is its echo.
- Pairs that sound there out of phase did not go on, and there was a pause. But a gap of two frames is a loss even so,
  because the pause would be one of 40 ms, unless the line has been seen to send nothing in pauses.
- If no pair sounds at both edges, there was a pause if the line sends nothing in pauses. On another line a short gap is
  filled with what its edges expect, a long one with silence.
- If a tone goes on in phase as if there were no gap, there is none: what seemed to be missing was late.

A stream's time runs here: positions count what is played out, not what arrived.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.line.concealment import conceal
from dsp.line.continuity import goes_on, pair_in, weaker
from ivr.call.keys import Span
from ivr.telephony.audiosocket.codec import SILENCE
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

SURELY_LOST: Final = 2
SURELY_IN_PHASE_RAD: Final = 0.12
"""How far phases may be off on a line that sends no pauses: two presses would agree in one case of a thousand."""
MOST_CONCEALED: Final = 4
"""In frames: a longer gap was hardly a loss, or so much was lost that nobody can say what it was."""
HIDES_A_KEY: Final = 2
"""In frames: with what the frames at its edges lack, a hole of 40 ms may have held a whole key of 50 ms.
(docs/rules.md 2.11)"""
LONG: Final = 8
"""In frames: a gap as long as this is more than a burst of loss."""
CUT: Final = 4
"""In frames: a pause as long as this ends any tone."""
SUPPRESSED: Final = 0.2
"""A line is known to suppress silence once this share of its call was not sent, in long gaps.

The caller listens to guidance before the first key, so such a line shows long gaps early."""
KNOWN_AFTER: Final = 25
"""How many frames must not have been sent before that is known."""


class Playout:
    """Plays out one caller's audio.

    Attributes:
        hole: whether so many frames are missing before the last one that a key may have been lost among them.
        late: whether nothing was missing before the last frame: it came late, and so silence given before it was wrong.
    """

    def __init__(self) -> None:
        self._last = SILENCE
        self._frames = 0
        self._silent = 0
        self._unsent = 0
        self.hole = False
        self.late = False

    @property
    def silent(self) -> bool:
        """Whether the last thing played out was silence."""
        return self._unsent > 0

    @property
    def position_s(self) -> float:
        """How much has been played out so far, in seconds."""
        return self._frames * FRAME_SAMPLES / SAMPLE_RATE_HZ

    def follow(self, frame: bytes) -> None:
        """Play out a frame right behind another, with nothing missing between: as `frames` does, at less cost."""
        self._last = frame
        self._frames += 1
        self.hole = self.late = False

    def frames(self, frame: bytes, missing: int, *, late: bool = False) -> tuple[bytes, ...]:
        """Play out the next frames.

        Args:
            frame: 20 ms that arrived: int16 little-endian at 8 kHz, `FRAME_BYTES` octets.
            missing: how many such frames did not arrive just before it.
            late: whether the silence before it, if there is any, is known to be wrong.

        Returns:
            The frames that stand in for the missing ones, and the frame.
        """
        self.late = late or ((missing > 1 or self.silent) and not self._suppresses and self._goes_on_in(frame))
        if self.late:
            missing = 0
            self._take_silence_back()
        before, self._last = SILENCE if self.silent else self._last, frame
        self._frames += missing + 1
        self._unsent = 0
        self.hole = False
        if not missing:
            return (frame,)
        if missing >= LONG:
            self._silent += missing
        suppressed = missing > 1 and self._suppresses
        filled, bridged = _filled(np.frombuffer(before, "<i2"), np.frombuffer(frame, "<i2"), missing, suppressed)
        self.hole = missing >= HIDES_A_KEY and not (bridged or suppressed)
        return (*(lost.astype("<i2").tobytes() for lost in filled.reshape(missing, FRAME_SAMPLES)), frame)

    def silence(self) -> bytes:
        """Play out 20 ms in which nothing came."""
        self._frames += 1
        self._silent += 1
        self._unsent += 1
        return SILENCE

    def cut(self) -> tuple[bytes, ...]:
        """Play out a pause where audio was dropped, so that a tone before it and one behind it stay two."""
        return tuple(frame for _ in range(CUT) for frame in self.frames(SILENCE, 0))

    def key(self) -> Span:
        """Note a key that came as an event; returns its span, with the silence since the last audio or key."""
        unsent_s = self._unsent * FRAME_SAMPLES / SAMPLE_RATE_HZ
        self._silent -= self._unsent
        self._unsent = 0
        return Span(self.position_s - unsent_s, self.position_s)

    def _goes_on_in(self, frame: bytes) -> bool:
        """Whether a tone sounds in the last frame and goes on in this one."""
        first, second = pair_in(np.frombuffer(self._last, "<i2")), pair_in(np.frombuffer(frame, "<i2"))
        return first is not None and second is not None and goes_on(first, second, FRAME_SAMPLES, 0)

    def _take_silence_back(self) -> None:
        self._frames -= self._unsent
        self._silent -= self._unsent
        self._unsent = 0

    @property
    def _suppresses(self) -> bool:
        return self._silent - self._unsent >= max(KNOWN_AFTER, SUPPRESSED * self._frames)


def _filled(
    before: NDArray[np.int16], after: NDArray[np.int16], missing: int, suppressed: bool
) -> tuple[NDArray[np.int16], bool]:
    """Make the frames that stand in for missing ones; returns them, and whether they are a tone that is known to go on.

    `suppressed` says that the line, as far as is known of it, did not send them.
    """
    samples = missing * FRAME_SAMPLES
    first, second = (pair_in(before), pair_in(after)) if missing > 1 else (None, None)
    if first is None or second is None:
        silent = suppressed or missing > MOST_CONCEALED
        return np.zeros(samples, np.int16) if silent else conceal(before, after, samples), False
    # Because of jitter one frame too many may have been counted, or one too few.
    gaps = (samples, samples - FRAME_SAMPLES, samples + FRAME_SAMPLES)
    if suppressed:
        bridged = goes_on(first, second, FRAME_SAMPLES, samples, SURELY_IN_PHASE_RAD)
    else:
        bridged = (missing <= SURELY_LOST and first.key == second.key) or weaker(first, second)
        bridged = bridged or any(goes_on(first, second, FRAME_SAMPLES, gap) for gap in gaps)
    if bridged:
        return conceal(before, after, samples), True
    return np.zeros(samples, np.int16), False
