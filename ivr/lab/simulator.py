"""A call without a telephone: a caller sends frames, and their clock is the call's.

The dialogue, the receiver, the guidance and the store are those of live calls. Only Asterisk and the waiting are left
out, so minutes of audio take a moment. The caller is a recording, or one who listens and presses keys
(`ivr.lab.sender`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from credentials.store import CredentialStore
from dsp import Receiver
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Ending
from ivr.call.guidance import Guidance
from ivr.call.session import CallSession
from ivr.call.transcript import Observer
from ivr.lab.ear import Ear, Utterance
from ivr.lab.prompt_store import PromptStore
from ivr.lab.sender import SILENCE, Recording, Sender, Sent
from ivr.media.clock import TICK_S
from ivr.media.playout import Playout
from ivr.service.store_events import admit
from ivr.telephony.audiosocket.inbox import QUIET_S

_QUIET_FRAMES: Final = round(QUIET_S / TICK_S)


@dataclass(frozen=True, slots=True)
class Moment:
    """20 ms of a simulated call.

    Attributes:
        at_s: when they ended, in seconds since the call started.
        audio: the caller's audio, int16 at 8 kHz, shape (160,).
        hides_keys: whether a key that is heard now may be a password digit; None if that is known only when its entry,
            which should be a telephone number, is judged.
    """

    at_s: float
    audio: NDArray[np.int16]
    hides_keys: bool | None


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """How a simulated call went.

    Attributes:
        ending: how it ended.
        heard: the guidance that the caller heard, one utterance after the other.
        hidden_at: when keys were pressed that are not named although keys pressed then may be, in seconds since the
            call started.
    """

    ending: Ending
    heard: tuple[Utterance, ...]
    hidden_at: tuple[float, ...]


def simulate(
    audio: NDArray[np.int16],
    *,
    caller: Caller,
    store: CredentialStore,
    guidance: Guidance,
    limits: Limits,
    observer: Observer,
    hang_up_at_end: bool = False,
) -> Ending:
    """Run a whole call whose caller sends a recording.

    Args:
        audio: what the caller sends, 8 kHz mono, shape (samples,).
        caller: who calls.
        store: where the temporary password goes, as in a live call.
        guidance: the guidance, by language.
        limits: the dialogue's times and counts.
        observer: called with each entry of the transcript.
        hang_up_at_end: whether the caller hangs up at the end of the audio; otherwise they stay on the line, silent.

    Returns:
        How the call ended.
    """
    sender = Recording(audio, hang_up_at_end=hang_up_at_end)
    return run_call(sender, caller=caller, store=store, guidance=guidance, limits=limits, observer=observer).ending


def run_call(
    sender: Sender,
    *,
    caller: Caller,
    store: CredentialStore,
    guidance: Guidance,
    limits: Limits,
    observer: Observer,
    watch: Callable[[Moment], None] = lambda _: None,
    began: Callable[[CallSession], None] = lambda _: None,
) -> SimulatedCall:
    """Run a whole call.

    Args:
        sender: what the caller does.
        caller: who calls.
        store: where the temporary password goes, as in a live call.
        guidance: the guidance, by language.
        limits: the dialogue's times and counts.
        observer: called with each entry of the transcript.
        watch: called with every 20 ms of the call.
        began: called with the call before anything happens in it.
    """
    now = 0.0
    call_id = uuid4().hex[:12]
    admission = admit(store, caller)
    session = CallSession(
        call_id,
        caller,
        guidance.after(admission),
        limits=limits,
        observer=observer,
        store=PromptStore(store, caller, call_id, lambda: now),
        now=now,
    )
    began(session)
    session.handle(admission, now)
    ear, exchange = Ear(), _Exchange(session)
    heard: list[Utterance] = []
    utterance: Utterance | None = None
    ticks = 0
    while session.ending is None:
        sent = sender.frame(ear, utterance)
        if sent.hangs_up:
            exchange.hang_up(now)
            break
        ticks += 1
        now = ticks * TICK_S
        exchange.carry(sent, now)
        hides = session.hides_keys(now)
        frame = np.frombuffer(session.tick(now), "<i2")
        watch(Moment(now, SILENCE if sent.audio is None else sent.audio, hides))
        utterance = ear.feed(frame)
        if utterance is not None:
            heard.append(utterance)
    if (last := ear.finish()) is not None:
        heard.append(last)
    ending = session.ending
    if ending is None:
        raise RuntimeError("a call went on after its caller had hung up")
    return SimulatedCall(ending, tuple(heard), tuple(session.hidden_at))


class _Exchange:
    """Hands a caller's packets on as an exchange does, in the order in which the media clock takes them."""

    def __init__(self, session: CallSession) -> None:
        self._session = session
        self._receiver = Receiver(near_misses=True)
        self._playout = Playout()
        self._missing = 0
        self._key = ""
        self._event_frames = 0

    def carry(self, sent: Sent, now: float) -> None:
        """Take what the caller sends in 20 ms."""
        if sent.event is not None:
            self._key, self._event_frames = sent.event.key, sent.event.frames
        if self._event_frames:
            self._event_frames -= 1
            if self._event_frames:
                return  # audio is withheld while an event goes on, see `ivr.telephony.audiosocket.inbox`
            self._session.key_frame(self._key, self._playout.key(), now)
            self._missing = 0
        elif sent.audio is None:
            self._let_pass(now)
        if sent.audio is not None:
            self._hand_on(sent.audio, now)

    def hang_up(self, now: float) -> None:
        """End the call from the caller's side."""
        for event in self._receiver.finish():
            self._session.hear(event, now)
        self._session.hung_up(now)

    def _let_pass(self, now: float) -> None:
        """Let 20 ms pass in which nothing comes; time without packets is time, see
        `ivr.telephony.audiosocket.inbox`."""
        if self._missing < _QUIET_FRAMES:
            self._missing += 1
        else:
            self._hear([self._playout.silence()], now)

    def _hand_on(self, audio: NDArray[np.int16], now: float) -> None:
        missing, self._missing = self._missing, 0
        self._hear(self._playout.frames(audio.astype("<i2").tobytes(), missing), now)
        if self._playout.hole:
            self._session.key_may_be_lost(now)

    def _hear(self, frames: Sequence[bytes], now: float) -> None:
        for event in self._receiver.feed(np.frombuffer(b"".join(frames), "<i2")):
            self._session.hear(event, now)
