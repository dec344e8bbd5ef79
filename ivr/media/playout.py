"""A caller's audio with the time that it took: tones and pauses keep their length, whatever did not arrive.

Audio is missing because packets were lost, because the caller's telephone sends none in a pause (silence suppression),
or because an RFC 4733 event goes on and the exchange withholds it. One packet is lost: no pause between keys is so
short. Around more, a tone that sounds in phase on both sides went on (`dsp.line.continuity`), and so did one whose rest
is weaker: its echo. Pairs that sound there out of phase did not, and there was a pause; but two frames were lost even
so, for the pause would be one of 40 ms, unless the line has been seen to send none in pauses. Where nothing sounds to
both edges there was a pause on such a line; on another a short gap is filled by what its edges expect, a long one by
silence. And where a tone goes on in phase as if there were no gap there is none: what seemed to be missing was late.

Here a stream's time runs: positions count what is played out, not what arrived.
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
"""What phases may be off on a line that sends no pauses: two presses would agree in one case of a thousand."""
MOST_CONCEALED: Final = 4
"""Frames: a longer gap was hardly a loss, or so much was lost that nobody can say what it was."""
HIDES_A_KEY: Final = 2
"""Frames: with what lacks of the ones at its edges a hole of 40 ms may have held all of a key of 50 ms.
(docs/rules.md 2.11)"""
LONG: Final = 8
"""Frames: a gap of as many is more than a burst of loss."""
SUPPRESSED: Final = 0.2
"""The share of a call that is not sent, in long gaps, from which on its line is known to suppress silence: the caller
listens to guidance before the first key."""
KNOWN_AFTER: Final = 25
"""Frames that were not sent until then."""


class Playout:
    """One caller's audio.

    Attributes:
        hole: before the frame that came last there was none for so long that a key may have been lost in it.
        late: before the frame that came last nothing was missing; it came late, and so silence before it was none.
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
        """Whether silence was the last that there was."""
        return self._unsent > 0

    @property
    def position_s(self) -> float:
        """How much there was until now, in seconds."""
        return self._frames * FRAME_SAMPLES / SAMPLE_RATE_HZ

    def frames(self, frame: bytes, missing: int, *, late: bool = False) -> tuple[bytes, ...]:
        """The next frames.

        Args:
            frame: 20 ms that arrived: int16 little-endian at 8 kHz, `FRAME_BYTES` octets.
            missing: how many such frames did not arrive just before it.
            late: the silence before it, if there is any, is known to be none.

        Returns:
            What stands in for those that are missing, and the frame.
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
        """20 ms in which nothing came."""
        self._frames += 1
        self._silent += 1
        self._unsent += 1
        return SILENCE

    def key(self) -> Span:
        """A key came as an event; returns its span, to which the silence belongs since audio, or a key, came last."""
        unsent_s = self._unsent * FRAME_SAMPLES / SAMPLE_RATE_HZ
        self._silent -= self._unsent
        self._unsent = 0
        return Span(self.position_s - unsent_s, self.position_s)

    def _goes_on_in(self, frame: bytes) -> bool:
        """A tone sounds in the frame that came last and goes on in this one."""
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
    """What stands in for so many frames, and whether that is a tone that is known to have gone on.

    Suppressed ones were not sent, as far as is known of the line.
    """
    samples = missing * FRAME_SAMPLES
    first, second = (pair_in(before), pair_in(after)) if missing > 1 else (None, None)
    if first is None or second is None:
        silent = suppressed or missing > MOST_CONCEALED
        return np.zeros(samples, np.int16) if silent else conceal(before, after, samples), False
    # By jitter one frame too many may have been counted, or one too few.
    gaps = (samples, samples - FRAME_SAMPLES, samples + FRAME_SAMPLES)
    if suppressed:
        bridged = goes_on(first, second, FRAME_SAMPLES, samples, SURELY_IN_PHASE_RAD)
    else:
        bridged = (missing <= SURELY_LOST and first.key == second.key) or weaker(first, second)
        bridged = bridged or any(goes_on(first, second, FRAME_SAMPLES, gap) for gap in gaps)
    if bridged:
        return conceal(before, after, samples), True
    return np.zeros(samples, np.int16), False
