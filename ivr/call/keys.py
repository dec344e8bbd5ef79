"""Which keys count: one press is one key, however it reaches us (docs/rules.md 2.11).

A press reaches us as a tone (the receiver hears it in band), as an RFC 4733 event (a key frame of the exchange), or as
both. An event's tone may also arrive, in part or whole:

    its head: gateways let 30 to 60 ms pass before they have recognised the tone and cut it out; its tail: the rest of
    the tone when the event is over, at once or after a gap; all of it: the gateway cuts nothing out; it comes before,
    with or, if the gateway holds the audio up, after the event; a copy: the telephone's own key sound gets into its
    microphone, late and weak.

While an event goes on Asterisk withholds the audio (`ivr.telephony.audiosocket.inbox`). So these tones lie next to the
event, before or behind it, and never within it. They are the same key, and near. Two rules follow:

    A tone counts when it is heard, unless an event of the same key is near before it. Then the tone belongs to that
    event, or it is the head of a press whose own event will come and count. An event counts, unless a tone of the same
    key that has counted is near before it. Then the event belongs to that tone, and the tone to no other event.

So each event counts once, by itself or by the first of its tones, and all its other tones count for nothing. On a line
that sends no events each tone counts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

NEAR_S: Final = 1.0
"""The longest time from the end of a tone to its own event, and from the start of a tone to the start of an event that
came before the receiver had announced the tone."""
BEHIND_S: Final = 0.4
"""The longest time from the end of an event to the start of a tone of its own."""
_REMEMBERED: Final = 16


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a stream of audio, between two positions in seconds."""

    from_s: float
    to_s: float


@dataclass(slots=True)
class _Tone:
    """A tone that has counted and whose event, if it has one, has not come yet."""

    key: str = field(repr=False)
    began_s: float
    ended_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Event:
    key: str = field(repr=False)
    span: Span


class KeyPairing:
    """Decides which of one caller's keys, in band and as events, count.

    All times are positions in the caller's stream (seconds of audio played out): tones and events travel in it
    together, and its positions are free of jitter. An event's span is longer than zero if silence was played out while
    the event went on. The receiver announces a tone some time after the tone started, so the tone's event can come
    before that.
    """

    def __init__(self) -> None:
        self._tones: list[_Tone] = []
        self._events: deque[_Event] = deque(maxlen=_REMEMBERED)

    def in_band(self, key: str, began_s: float) -> bool:
        """Take a key that the receiver announced, whose tones started at `began_s`; returns whether it counts."""
        if any(
            event.key == key and event.span.from_s - NEAR_S <= began_s <= event.span.to_s + BEHIND_S
            for event in self._events
        ):
            return False
        self._tones.append(_Tone(key, began_s))
        return True

    def in_band_ended(self, key: str, began_s: float, ended_s: float) -> None:
        """Note that the receiver confirmed the end of an announced key."""
        for tone in self._tones:
            if tone.key == key and tone.began_s == began_s:
                tone.ended_s = ended_s

    def event(self, key: str, span: Span) -> bool:
        """Take a key frame; returns whether it counts.

        It comes when the key is released, and its tone may end with it: a key that is held for seconds is one press.
        """
        self._events.append(_Event(key, span))
        self._tones = [tone for tone in self._tones if tone.ended_s is None or span.from_s - tone.ended_s <= NEAR_S]
        for index in range(len(self._tones) - 1, -1, -1):
            if self._tones[index].key == key:
                del self._tones[index]
                return False
        return True
