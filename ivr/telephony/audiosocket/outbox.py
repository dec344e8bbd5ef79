"""Decides which frames a peer still gets that does not read. Sans-I/O.

A frame that cannot be sent at once is worth little: once the peer reads again, its caller would hear guidance from
long ago. So frames are dropped while too many wait, which also bounds memory. Whether the peer will ever read is
counted in dropped frames, and not in seconds: there is one frame for each tick of our clock, so time in which we stood
still ourselves (and the peer perhaps with us) does not count against the peer.
"""

from __future__ import annotations

from typing import Final

from ivr.telephony.audiosocket.codec import FRAME_BYTES

MAX_UNREAD_BYTES: Final = 25 * FRAME_BYTES
"""Half a second of audio, on top of what the operating system holds (eight seconds were seen)."""
MAX_DROPPED: Final = 1500
"""So many frames in a row that could not be sent, half a minute of them, prove that the peer does not read. The threads
of an exchange on a busy host were seen to be late by seconds."""


class Outbox:
    """Watches how one peer reads."""

    def __init__(self) -> None:
        self._dropped = 0

    @property
    def stuck(self) -> bool:
        """Whether the peer has read nothing for so long that it is not an exchange."""
        return self._dropped > MAX_DROPPED

    def admits(self, unread_bytes: int) -> bool:
        """Decide about the next frame; returns whether to send it.

        Args:
            unread_bytes: how much waits because the peer has not read it.
        """
        if unread_bytes <= MAX_UNREAD_BYTES:
            self._dropped = 0
            return True
        self._dropped += 1
        return False
