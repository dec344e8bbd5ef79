"""One call: a dialogue, the keys that are heard, and the guidance that is said. Sans-I/O.

`CallSession` is the same for a live call and for a simulated one. They differ in who calls `tick` (the 20 ms clock of
the process, or the samples of a WAV file) and in their `CallStore`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from credentials.model import Unit
from dsp import BurstRefused, KeyEnded, KeyStarted
from dsp import Event as ReceiverEvent
from ivr.call.caller import Caller
from ivr.call.dialogue import Dialogue, Limits, State
from ivr.call.dialogue.events import (
    Command,
    DiscardPassword,
    Ending,
    Event,
    GuidanceEnded,
    HangUp,
    HungUp,
    Judged,
    KeyMayBeLost,
    KeyPressed,
    KeyReleased,
    Outcome,
    PreparePassword,
    Say,
    StopGuidance,
    StorePassword,
    StreamBroken,
    TimePassed,
    WithdrawPassword,
)
from ivr.call.key_notes import KeyNotes, Press
from ivr.call.keys import KeyPairing, Span
from ivr.call.phrases import Phrase, render, transcript
from ivr.call.store import CallStore
from ivr.call.transcript import (
    Ended,
    EntryJudged,
    KeyHeard,
    KeyMissed,
    Observer,
    Said,
    TranscriptEntry,
    figures,
)
from ivr.telephony.audiosocket.codec import FRAME_BYTES, SILENCE
from prompts import Catalogue
from sound.telephone import SAMPLE_RATE_HZ


@dataclass(slots=True)
class _Announced:
    """An in-band key whose end is still to come."""

    key: str = field(repr=False)
    began_s: float
    counted: bool
    press: Press


class CallSession:
    """One call: takes what is heard and gives what is said.

    Args:
        call_id: names the call in logs.
        caller: who calls.
        catalogue: the guidance, in the caller's language.
        limits: the dialogue's times and counts.
        observer: called with each entry of the transcript.
        store: the call's store.
        now: the time at which the call started, on the clock of `tick`.

    Attributes:
        over: whether the call has ended.
    """

    def __init__(
        self,
        call_id: str,
        caller: Caller,
        catalogue: Catalogue,
        *,
        limits: Limits,
        observer: Observer,
        store: CallStore,
        now: float,
    ) -> None:
        self._call_id = call_id
        self._dialogue = Dialogue(caller.known_number, limits=limits, now=now)
        self._catalogue = catalogue
        self._observer = observer
        self._store = store
        self._began = now
        self._now = now
        self._pairing = KeyPairing()
        self._key_notes = KeyNotes(self._note)
        self._announced: deque[_Announced] = deque()
        self._guidance: bytes | None = None
        self._said = 0
        self._next_at = math.inf
        self.over = False

    @property
    def call_id(self) -> str:
        """The call's name in logs."""
        return self._call_id

    @property
    def state(self) -> State:
        """The state of the call."""
        return self._dialogue.state

    @property
    def unit(self) -> Unit | None:
        """The unit that the caller chose; None until then."""
        return self._dialogue.unit

    @property
    def target(self) -> str | None:
        """The number whose password is being set; None until that is known."""
        return self._dialogue.target

    @property
    def language(self) -> str:
        """The language that the caller hears."""
        return self._catalogue.language

    @property
    def ending(self) -> Ending | None:
        """How the call ended; None while it goes on."""
        return self._dialogue.ending

    @property
    def hidden_at(self) -> Sequence[float]:
        """The times, of the clock of `tick`, of keys that are not named although keys pressed then may be."""
        return self._key_notes.hidden_at

    def hides_keys(self, now: float) -> bool | None:
        """Whether a key pressed now may be a password digit; None if that is known only when its entry is judged."""
        return self._dialogue.hides_keys(now) or (None if self.state is State.NUMBER else False)

    # --- what comes in --------------------------------------------------------------------------------------

    def handle(self, event: Event, now: float) -> None:
        """Hand an event to the dialogue, and carry out the commands that follow."""
        self._now = now
        self._carry_out(self._dialogue.handle(event, now))

    def hear(self, event: ReceiverEvent, now: float) -> None:
        """Take a key or a near miss that the receiver heard in the caller's audio."""
        match event:
            case KeyStarted(key=key, begin_s=begin_s):
                counted = self._pairing.in_band(key, begin_s)
                self._announced.append(_Announced(key, begin_s, counted, self._press(now, counted=counted)))
                if counted:
                    self.handle(KeyPressed(key), now)
            case KeyEnded(key=heard):
                announced = self._announced.popleft()  # announced keys end in their order
                self._pairing.in_band_ended(announced.key, announced.began_s, heard.end_s)
                if announced.counted:
                    self.handle(KeyReleased(), now)
                entry = KeyHeard("in-band", announced.counted, heard.key, figures(heard))
                self._key_notes.heard(announced.press, now, entry)
            case BurstRefused(near_miss=missed):
                refused = KeyMissed(missed.key, str(missed.failed_test), figures(missed))
                self._key_notes.missed(self._press(now, counted=True), now, refused)
        self._look_ahead()

    def key_frame(self, key: str, span: Span, now: float, *, repeated: bool = False) -> None:
        """Take an RFC 4733 key.

        Args:
            key: the key.
            span: where in the caller's audio it came.
            now: the time.
            repeated: whether the exchange repeats an event that it has reported before.
        """
        counted = not repeated and self._pairing.event(key, span)
        press = self._press(now, counted=counted)
        if counted:
            self.handle(KeyPressed(key), now)
            self.handle(KeyReleased(), now)  # a key frame comes when the key is released
        self._key_notes.heard(press, now, KeyHeard("rfc4733", counted, key, None))
        self._look_ahead()

    def key_may_be_lost(self, now: float) -> None:
        """Note a hole in the caller's audio in which a key may have been lost."""
        self.handle(KeyMayBeLost(), now)

    def hung_up(self, now: float) -> None:
        """Note that the caller went away."""
        self._guidance = None
        self.handle(HungUp(), now)

    def stream_broken(self, now: float) -> None:
        """Note that the caller's audio is gone, and not by the caller's doing."""
        self._guidance = None
        self.handle(StreamBroken(), now)

    def fault(self, now: float) -> None:
        """End the call for a fault of ours, whatever state it is in."""
        self._guidance = None
        self._now = now
        self._carry_out(self._dialogue.abort(Ending(Outcome.ERROR, "fault"), now))

    def _press(self, now: float, *, counted: bool) -> Press:
        return (self._key_notes.pressed if counted else self._key_notes.again)(self._dialogue, now)

    # --- what goes out --------------------------------------------------------------------------------------

    def tick(self, now: float) -> bytes:
        """Let 20 ms pass; returns the frame to send for them (`FRAME_BYTES` octets; silence if nothing is said)."""
        if now >= self._next_at:
            self._time_passed(now)
        guidance = self._guidance
        if guidance is None:
            return SILENCE
        frame = guidance[self._said : self._said + FRAME_BYTES]
        self._said += FRAME_BYTES
        if self._said >= len(guidance):
            self._guidance = None
            self.handle(GuidanceEnded(), now)
            return frame.ljust(FRAME_BYTES, b"\0")
        return frame

    def _time_passed(self, now: float) -> None:
        self._key_notes.time(now)
        deadline = self._dialogue.deadline
        if deadline is not None and now >= deadline:
            self.handle(TimePassed(), now)
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Note when time alone will change something next, so that the ticks until then have nothing to do."""
        deadline = self._dialogue.deadline
        self._next_at = self._key_notes.next_at if deadline is None else min(deadline, self._key_notes.next_at)

    # --- commands -------------------------------------------------------------------------------------------

    def _carry_out(self, commands: Sequence[Command]) -> None:
        """Carry out what follows from the dialogue's last step."""
        self.over = self._dialogue.ending is not None
        for command in commands:
            self._carry_out_one(command)
        self._look_ahead()

    def _carry_out_one(self, command: Command) -> None:
        match command:
            case Say(phrase):
                self._say(phrase)
            case StopGuidance():
                self._guidance = None
                self._key_notes.interrupted(self._dialogue, self._now)
            case Judged():
                self._key_notes.judged(command)
                told = command.named or command.step == State.UNIT.value
                self._note(self._now if told else None, EntryJudged(command))
            case PreparePassword():
                self._store.prepare_password(command)
            case DiscardPassword():
                self._store.discard_password()
            case StorePassword():
                self._store.store_password(command, self.handle)
            case WithdrawPassword():
                self._store.withdraw()
            case HangUp(ending):
                self._key_notes.ended()
                self._note(self._now, Ended(ending))
                if ending.outcome is Outcome.FAILED:
                    self._store.note_failure()

    def _say(self, phrase: Phrase) -> None:
        samples = render(phrase, self._catalogue)
        self._guidance = samples.astype("<i2").tobytes()
        self._said = 0
        self._note(self._now, Said(transcript(phrase, self._catalogue), round(len(samples) / SAMPLE_RATE_HZ, 2)))

    def _note(self, now: float | None, entry: TranscriptEntry) -> None:
        self._observer(None if now is None else now - self._began, entry)
