"""RTP as our telephones send it: mu-law audio, and keys as events (RFC 4733)."""

from __future__ import annotations

import struct
from typing import Final

VERSION: Final = 0x80
PCMU: Final = 0
EVENTS: Final = 101
MARKER: Final = 0x80
END_REPEATS: Final = 3
"""How often the last packet of an event is sent (RFC 4733, 2.5.1.4)."""
HEAD: Final = struct.Struct(">BBHII")
"""A packet's header: version, kind (with the marker), sequence number, time stamp, source."""
_EVENT: Final = struct.Struct(">BBH")
_EVENT_KEYS: Final = "0123456789*#ABCD"
_EVENT_VOLUME: Final = 10


def event_payload(key: str, samples: int, *, ends: bool) -> bytes:
    """Make the payload of an event's packet (RFC 4733, 2.3).

    Args:
        key: the key.
        samples: how long the event has lasted.
        ends: whether the event is over.
    """
    return _EVENT.pack(_EVENT_KEYS.index(key), ends << 7 | _EVENT_VOLUME, samples)
