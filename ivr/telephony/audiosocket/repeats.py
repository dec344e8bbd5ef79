"""Tells an event that the exchange repeats from a key that is pressed again.

Some gateways give the end packets of one event different time stamps. Asterisk takes each such end for an event of its
own whose start was lost. It makes up for that: it withholds the caller's audio once more, for as long as the event is
said to have lasted, and then hands on another key frame (main/channel.c, `__ast_read`: emulated digits). Measured with
22.10, for events of 60, 100 and 300 ms: the second key frame came 125, 145 and 345 ms after the first, with no audio,
or the 20 ms of one packet, between them.

A key that is pressed again comes after a pause. In the pause most telephones send audio, and those that do not
(browsers send none while they have keys to send) make it 70 ms or longer. Both cases are told apart from a repeat. One
repeat cannot be told from a second press: an end that comes so late that Asterisk has given the event up. Then audio
lies between, and the second key frame comes after as long a silence as a held key makes.
"""

from __future__ import annotations

from typing import Final

from ivr.telephony.audiosocket.arrivals import BEAT_S

REPEATED_AFTER_S: Final = 0.045
"""Asterisk keeps this distance between two events (`AST_MIN_DTMF_GAP`)."""
LATE_S: Final = 0.003
"""How late the second key frame may be."""
MOST_BETWEEN: Final = 1
"""Frames of audio that may slip through between the two."""


class Repeats:
    """Watches one caller's key frames."""

    def __init__(self) -> None:
        self._audio_s: float | None = None
        self._between = 0
        self._key: str | None = None
        self._key_s = 0.0
        self._lasted_s = 0.0

    def audio(self, frames: int, now_s: float) -> None:
        """Note that frames of audio came."""
        self._audio_s = now_s
        self._between += frames

    def key(self, key: str, now_s: float) -> bool:
        """Note that a key frame came; returns whether it repeats the one before."""
        # The last audio came up to a beat before the event started, so the event was shorter than seen.
        pause_s = now_s - self._key_s - REPEATED_AFTER_S - self._lasted_s
        repeated = key == self._key and self._between <= MOST_BETWEEN and -BEAT_S - LATE_S <= pause_s <= LATE_S
        if not repeated:
            self._lasted_s = 0.0 if self._audio_s is None else now_s - self._audio_s
        self._key, self._key_s, self._between = key, now_s, 0
        return repeated
