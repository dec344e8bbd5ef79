"""Which keys count: one press, heard twice, is one key.

A caller's key can reach us in band (the receiver heard the tones) and as an RFC 4733 key frame. Most callers use
one way, some gateways send both, and many leak the first 30 to 60 ms of the tone in band before they cut it out.
So sources are paired one to one: a key frame with the latest unpaired in-band key of the same value that is not
older than half a second; whichever came first has counted already.

While an event goes on Asterisk withholds the audio (`ivr.telephony.inbox`). So what comes of a tone that is sent as an
event, too, is its head, before the event began, or its tail, after the event ended, or both in one piece.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

PAIRING_WINDOW_S: Final = 0.5
TAIL_S: Final = 0.02
"""A tone that begins so soon after a key frame was on when its event ended. Before the next press there is a pause of
at least 30 ms (terminal rules, table 5; Q.24 annex A); the receiver tells a begin to some 5 ms."""


@dataclass(slots=True)
class _Heard:
    key: str = field(repr=False)
    began_s: float
    ended_s: float | None


class KeyPairing:
    """Pairs in-band keys with key frames on one channel.

    All times are positions in the stream of the channel (seconds of audio received before): the two sources travel in
    that stream together, and its positions know no jitter. The receiver announces a key some time after its tones
    began, so a key frame can come before the announcement of the same press.
    """

    def __init__(self) -> None:
        self._in_band: list[_Heard] = []
        self._frames: list[tuple[str, float]] = []

    def in_band(self, key: str, began_s: float) -> bool:
        """The receiver announced a key whose tones began at `began_s`; returns whether it counts."""
        for index in range(len(self._frames) - 1, -1, -1):
            value, at_s = self._frames[index]
            if value == key and -TAIL_S <= at_s - began_s <= PAIRING_WINDOW_S:
                del self._frames[index]
                return False
        self._frames = [frame for frame in self._frames if began_s - frame[1] <= PAIRING_WINDOW_S]
        self._in_band.append(_Heard(key, began_s, None))
        return True

    def in_band_ended(self, key: str, began_s: float, ended_s: float) -> None:
        """The receiver confirmed the end of an announced key."""
        for heard in self._in_band:
            if heard.key == key and heard.began_s == began_s:
                heard.ended_s = ended_s

    def frame(self, key: str, at_s: float) -> bool:
        """A key frame came at `at_s`; returns whether it counts.

        The window runs from the end of the in-band key: a key frame is sent when the key is released, so a key that
        was held for seconds is still the same press.
        """
        self._in_band = [
            heard for heard in self._in_band if heard.ended_s is None or at_s - heard.ended_s <= PAIRING_WINDOW_S
        ]
        for index in range(len(self._in_band) - 1, -1, -1):
            if self._in_band[index].key == key:
                del self._in_band[index]
                return False
        self._frames.append((key, at_s))
        return True
