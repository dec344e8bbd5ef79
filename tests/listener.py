"""A call that only listens; for the media clock it is a session like any other."""

from __future__ import annotations

from dsp import Event, KeyStarted
from ivr.call.keys import Span
from ivr.telephony.audiosocket.codec import FRAME_BYTES


class Listener:
    """Keeps everything that it is called with.

    Attributes:
        events: the receiver's events.
        frames: the keys that came as events.
        over: whether the caller has gone.
    """

    call_id = "listener"

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.frames = ""
        self.over = False

    @property
    def in_band(self) -> str:
        """The keys that the receiver heard."""
        return "".join(event.key for event in self.events if isinstance(event, KeyStarted))

    def hear(self, event: Event, now: float) -> None:
        self.events.append(event)

    def key_frame(self, key: str, span: Span, now: float, *, repeated: bool) -> None:
        self.frames += key

    def key_may_be_lost(self, now: float) -> None:
        pass

    def hung_up(self, now: float) -> None:
        self.over = True

    def stream_broken(self, now: float) -> None:
        self.over = True

    def fault(self, now: float) -> None:
        raise AssertionError("the call failed")

    def tick(self, now: float) -> bytes:
        return bytes(FRAME_BYTES)
