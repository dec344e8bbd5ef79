"""A media clock that tests turn by hand, and the ends of its calls' connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from credentials.model import Line
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Admitted, StoreAnswer, Stored, StorePassword
from ivr.call.session import CallSession
from ivr.call.transcript import TranscriptEntry
from ivr.media.clock import TICK_S, Media
from ivr.telephony.audiosocket.codec import FRAME_BYTES, Audio
from ivr.telephony.audiosocket.inbox import Dropped, FrameSent, Inbox, KeySent, Taken
from ivr.telephony.audiosocket.server import AudioSocketConnection
from prompts import Catalogue
from tests.ivr.call.answering_store import AnsweringStore

CONTRACT = "0312345678"
LINE = Line(contract_number=CONTRACT, numbers=frozenset({CONTRACT}))


class Peer:
    """An AudioSocket connection whose other end is the test."""

    def __init__(self) -> None:
        self.inbox: list[FrameSent | KeySent | Dropped] = []
        self.sent: list[bytes] = []
        self.ended = False
        self.broken: str | None = None
        self.terminated = False

    @property
    def waiting(self) -> int:
        return len(self.inbox)

    def take_lone_frame(self, now: float) -> bytes | None:
        return None

    def take(self, now: float) -> Taken | None:
        return self.inbox.pop(0) if self.inbox else None

    def send(self, frame: bytes | memoryview) -> None:
        self.sent.append(bytes(frame))

    def terminate(self) -> None:
        self.ended = self.terminated = True


class LatePeer(Peer):
    """A connection with a true inbox, whose audio is read late if the host stands still."""

    def __init__(self, audio: NDArray[np.int16]) -> None:
        super().__init__()
        self._true = Inbox()
        samples = audio.astype("<i2").tobytes()
        self._unread = [
            (number * TICK_S, Audio(samples[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")))
            for number, at in enumerate(range(0, len(samples), FRAME_BYTES), 1)
        ]

    @property
    def waiting(self) -> int:
        return self._true.waiting

    def take_lone_frame(self, now: float) -> bytes | None:
        return self._true.take_lone_frame(now)

    def take(self, now: float) -> Taken | None:
        return self._true.take(now)

    def read(self, now: float) -> None:
        come = sum(1 for at, _ in self._unread if at <= now)
        self._true.put([audio for _, audio in self._unread[:come]], now)
        del self._unread[:come]


class Switchboard:
    """A media clock that the test turns by hand."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.media = Media()
        self.catalogue = catalogue
        self.now = 0.0
        self.stored: list[StorePassword] = []
        self.entries: dict[CallSession, list[TranscriptEntry]] = {}

    def call(
        self, answer: Callable[[StorePassword], StoreAnswer | None] | None = None, peer: Peer | None = None
    ) -> tuple[CallSession, Peer]:
        def remember(command: StorePassword) -> StoreAnswer:
            self.stored.append(command)
            return Stored()

        entries: list[TranscriptEntry] = []
        session = CallSession(
            "a-call",
            Caller(CONTRACT),
            self.catalogue,
            limits=Limits(),
            observer=lambda _, entry: entries.append(entry),
            store=AnsweringStore(answer or remember, lambda: self.now),
            now=self.now,
        )
        self.entries[session] = entries
        uuid, peer = uuid4(), peer or Peer()
        self.media.expect(uuid, session)
        session.handle(Admitted(LINE), self.now)
        assert self.media.attach(uuid, cast(AudioSocketConnection, peer))
        return session, peer

    def run(
        self,
        seconds: float,
        sending: dict[Peer, NDArray[np.int16]] | None = None,
        *,
        losses: dict[int, int] | None = None,
        keys: dict[int, str] | None = None,
    ) -> None:
        """Let time pass while peers send 20 ms of audio every 20 ms; losses and key frames come before these frames."""
        audio = {peer: samples.astype("<i2").tobytes() for peer, samples in (sending or {}).items()}
        for tick in range(round(seconds / TICK_S)):
            for peer, samples in audio.items():
                if keys and tick in keys:
                    peer.inbox.append(KeySent(keys[tick]))
                frame = samples[tick * FRAME_BYTES : (tick + 1) * FRAME_BYTES]
                if frame:
                    peer.inbox.append(FrameSent(frame.ljust(FRAME_BYTES, b"\0"), (losses or {}).get(tick, 0)))
            self.now += TICK_S
            self.media.tick(self.now)
