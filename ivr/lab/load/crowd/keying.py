"""Keys as RTP packets, made before they are sent: tones as mu-law audio, or events (RFC 4733)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dsp import synthesize, ulaw_encode
from ivr.lab.load.crowd.plan import Style
from ivr.lab.telephone.rtp import END_REPEATS, event_payload
from ivr.media.clock import TICK_S
from sound.samples import to_int16
from sound.telephone import FRAME_SAMPLES


@dataclass(frozen=True, slots=True)
class EventPacket:
    """One packet of an event.

    Attributes:
        key: the key.
        payload: the payload (RFC 4733, 2.3).
        started: how many frames before this one the event started: its time stamp is that of its start.
        repeats: how often the packet is sent.
    """

    key: str = field(repr=False)
    payload: bytes = field(repr=False)
    started: int
    repeats: int

    @property
    def is_first(self) -> bool:
        """Whether the event starts with it; then it has the marker."""
        return self.started == 0


@dataclass(frozen=True, slots=True)
class Keying:
    """An entry as it is sent, frame by frame of 20 ms.

    Attributes:
        audio: mu-law code words, shape (frames, 160).
        events: the packet that is sent in place of a frame's audio, by the frame's place.
        first_key_s, last_key_s: when the first and the last key start, from the start of the first frame.
    """

    audio: NDArray[np.uint8] = field(repr=False)
    events: dict[int, EventPacket] = field(repr=False)
    first_key_s: float
    last_key_s: float

    @property
    def frames(self) -> int:
        """How many frames it takes."""
        return len(self.audio)


def keying(keys: str, style: Style) -> Keying:
    """Make the packets of keys that are pressed one after the other."""
    if style.by_events:
        return _events(keys, style)
    tones = to_int16(
        synthesize(
            keys,
            tone_s=style.tone_s,
            pause_s=style.pause_s,
            lead_s=style.lead_s,
            level_dbm0=style.level_dbm0,
            twist_db=style.twist_db,
        )
    )
    whole = np.zeros(-(-len(tones) // FRAME_SAMPLES) * FRAME_SAMPLES, np.int16)
    whole[: len(tones)] = tones
    last_key_s = style.lead_s + (len(keys) - 1) * (style.tone_s + style.pause_s)
    return Keying(ulaw_encode(whole).reshape(-1, FRAME_SAMPLES), {}, style.lead_s, last_key_s)


def _events(keys: str, style: Style) -> Keying:
    """Send each key as an event, with silence between."""
    lasts, rests = round(style.tone_s / TICK_S), max(1, round(style.pause_s / TICK_S))
    events = {}
    for number, key in enumerate(keys):
        first = number * (lasts + rests)
        for frame in range(lasts):
            ends = frame == lasts - 1
            payload = event_payload(key, (frame + 1) * FRAME_SAMPLES, ends=ends)
            events[first + frame] = EventPacket(key, payload, frame, END_REPEATS if ends else 1)
    frames = len(keys) * (lasts + rests)
    silence = ulaw_encode(np.zeros((frames, FRAME_SAMPLES), np.int16))
    return Keying(silence, events, 0.0, (len(keys) - 1) * (lasts + rests) * TICK_S)
