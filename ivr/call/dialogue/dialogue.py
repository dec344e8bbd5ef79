"""The machine that runs a call's tables: events and the time go in, commands come out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Final

from credentials.model import Line, Unit
from ivr.call.dialogue.entry import HASH, UNTIL_HASH, Collector, Entry, EntryKind
from ivr.call.dialogue.events import (
    Admitted,
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
    NotAdmitted,
    NotStored,
    Outcome,
    PreparePassword,
    Say,
    StopGuidance,
    StoreAnswer,
    StoreAway,
    Stored,
    StorePassword,
    StreamBroken,
    TimePassed,
    Verdict,
    WithdrawPassword,
)
from ivr.call.dialogue.limits import Limits
from ivr.call.dialogue.rhythm import Rhythm
from ivr.call.dialogue.table import (
    BROKEN_UP,
    CLOSINGS,
    PLEASE_WAIT,
    SLIPS,
    START_OVER,
    STEPS,
    UNAVAILABLE,
    WRONG_ENTRY,
    Request,
    Signal,
    State,
    done_guidance,
    follow,
)
from ivr.call.phrases import Part, Phrase

_SET: Final = Ending(Outcome.SET, "set")
_ABANDONED: Final = Ending(Outcome.ABANDONED, "hung_up")
_BROKEN: Final = Ending(Outcome.ERROR, "stream_broken")
_STORE_AWAY: Final = Ending(Outcome.ERROR, "store_away")


class Dialogue:
    """One call, from admission to hang-up.

    Hand it every event with the time at which it happened. It returns the commands to carry out, in order. Between
    events it wants a `TimePassed` when `deadline` is reached. It does no I/O, and a call of hours runs in a
    millisecond.

    Args:
        caller: the caller number (national digits), or "" if there is none.
        limits: times and counts.
        now: the time at which the call started, in seconds of any clock that rises.
    """

    def __init__(self, caller: str, *, limits: Limits, now: float) -> None:
        self._limits = limits
        self._request = Request(caller)
        self._state = State.ADMISSION
        self._ending: Ending | None = None
        self._call_ends_at = now + limits.call_s
        self._step_ends_at = now
        self._collector: Collector | None = None
        self._wrong: Counter[State] = Counter()
        self._silent = 0
        self._pressed = False
        self._rhythm = Rhythm()
        self._unsure = False
        self._excused: set[State] = set()
        self._guidance_plays = False
        self._please_wait_at = math.inf
        self._swallow_hash_until = now
        self._drop_keys_until = now
        self._gone_by: Ending | None = None

    @property
    def state(self) -> State:
        """The state of the call."""
        return self._state

    @property
    def unit(self) -> Unit | None:
        """The unit that the caller chose; None until then."""
        return self._request.unit

    @property
    def target(self) -> str | None:
        """The number whose password is being set; None until that is known."""
        return self._request.target

    @property
    def ending(self) -> Ending | None:
        """How the call ended; None until it has."""
        return self._ending if self._state is State.ENDED else None

    def hides_keys(self, now: float) -> bool:
        """Whether a key pressed now may be a password digit, and must not be shown."""
        step = STEPS.get(self._state)
        return step is None or step.secret or now < self._drop_keys_until

    @property
    def deadline(self) -> float | None:
        """When the dialogue next wants `TimePassed`; None if only an event can move it."""
        if self._state is State.STORING:
            return min(self._step_ends_at, self._please_wait_at)
        if self._collector is None:
            return None
        limit = min(self._step_ends_at, self._call_ends_at)
        entry = self._collector.deadline
        return limit if entry is None else min(limit, entry)

    def handle(self, event: Event, now: float) -> list[Command]:
        """Take an event; returns the commands that follow from it, in order.

        Raises:
            ImpossibleSignalError: the event cannot happen in this state (such as an answer to a question that was not
                asked).
        """
        if self._state is State.ENDED:
            return []
        match event:
            case KeyPressed(key):
                return self._key(key, now)
            case KeyReleased():
                return self._key_released(now)
            case KeyMayBeLost():
                self._unsure = self._unsure or self._pressed  # a hole before the call's first key loses none
                return []
            case TimePassed():
                return self._time(now)
            case GuidanceEnded():
                return self._guidance_ended(now)
            case HungUp():
                return self._gone(_ABANDONED, now)
            case StreamBroken():
                return self._gone(_BROKEN, now)
            case Admitted(line):
                return self._admitted(line, now)
            case Stored() | NotStored() | StoreAway() | NotAdmitted():
                return self._store_answered(event, now)

    def abort(self, ending: Ending, now: float) -> list[Command]:
        """End the call at once, in any state, for a fault of ours; returns the commands that follow."""
        if self._state is State.ENDED:
            return []
        withdraw: list[Command] = [WithdrawPassword()] if self._state is State.STORING else []
        return withdraw + self._move(Signal.FAULT, now, ending)

    # --- keys -----------------------------------------------------------------------------------------------

    def _key(self, key: str, now: float) -> list[Command]:
        self._pressed = True
        if self._collector is None:
            return []  # nothing is asked for: the store works, or the last guidance plays
        swallowed = key == HASH and now < self._swallow_hash_until
        self._swallow_hash_until = now
        if swallowed:
            return []
        if now < self._drop_keys_until:
            self._drop_keys_until = now + self._limits.typed_ahead_pause_s
            return []
        commands: list[Command] = []
        if self._guidance_plays:
            self._guidance_plays = False
            commands.append(StopGuidance())
        self._rhythm.key(now)
        entry = self._collector.key(key)
        return commands if entry is None else commands + self._judge(entry, now)

    def _key_released(self, now: float) -> list[Command]:
        if self._collector is not None:
            self._collector.key_released(now)
        if now < self._drop_keys_until:
            self._drop_keys_until = now + self._limits.typed_ahead_pause_s
        return []

    # --- time -----------------------------------------------------------------------------------------------

    def _time(self, now: float) -> list[Command]:
        if self._state is State.STORING:
            return self._time_storing(now)
        if self._collector is None:
            return []
        if now >= self._call_ends_at:
            return self._give_up("call_limit", now)
        if now >= self._step_ends_at:
            return self._give_up("step_limit", now)
        entry = self._collector.time(now)
        return [] if entry is None else self._judge(entry, now)

    def _time_storing(self, now: float) -> list[Command]:
        if now >= self._step_ends_at:
            return [WithdrawPassword(), *self._close(Signal.STORE_AWAY, _STORE_AWAY, UNAVAILABLE, now)]
        if now < self._please_wait_at:
            return []
        self._please_wait_at = math.inf
        return self._say(PLEASE_WAIT)

    def _guidance_ended(self, now: float) -> list[Command]:
        if not self._guidance_plays:
            return []  # it was stopped by a key while its end was on the way to us
        self._guidance_plays = False
        if self._collector is not None:
            self._collector.guidance_ended(now)
            return []
        if self._state is State.STORING:
            self._please_wait_at = now + self._limits.please_wait_s
            return []
        return self._move(Signal.SAID, now)

    # --- entries --------------------------------------------------------------------------------------------

    def _judge(self, entry: Entry, now: float) -> list[Command]:
        step = STEPS[self._state]
        unsure, self._unsure = self._unsure, False
        ran_on = self._rhythm.ran_on and step.repeats
        self._rhythm.entry_ended()
        if entry.kind is EntryKind.HANG_UP:
            return self._move(Signal.HUNG_UP, now, self._gone_by)
        if entry.kind is EntryKind.NO_INPUT:
            self._silent += 1
            return self._again(Signal.SILENT, Verdict.SILENT, entry, self._silent, now)
        # Many callers press `#` after every entry, or twice. After an accepted entry it has no other use.
        # (docs/rules.md 2.9)
        self._swallow_hash_until = now + self._limits.between_keys_s if entry.keys else now
        if entry.kind is EntryKind.COMPLETE or step.rule is UNTIL_HASH:
            signal = step.judge(self._request, entry.keys)
            if signal is not Signal.WRONG:
                self._swallow_hash_until = math.inf
                judged = self._judged(Verdict.ACCEPTED, entry, 0, named=not step.secret)
                return [judged, *self._move(signal, now)]
        if entry.kind is not EntryKind.PARTIAL:
            self._drop_keys_until = now + self._limits.typed_ahead_pause_s
        if unsure and self._state not in self._excused and entry.keys:
            self._excused.add(self._state)
            signal = Signal.RAN_ON_UNSURE if ran_on else Signal.UNSURE
            return self._again(signal, Verdict.UNSURE, entry, 0, now)
        self._wrong[self._state] += 1
        signal = Signal.RAN_ON if ran_on else Signal.WRONG
        return self._again(signal, Verdict.WRONG, entry, self._wrong[self._state], now)

    def _again(self, signal: Signal, verdict: Verdict, entry: Entry, attempt: int, now: float) -> list[Command]:
        """Ask for the same step again, or end the call if that was the last attempt (docs/rules.md 2.7 and 2.8)."""
        step = STEPS[self._state]
        few = SLIPS if entry.kind is EntryKind.COMPLETE else 0
        named = not step.secret and (not entry.keys or step.near(self._request, entry.keys, few))
        judged = self._judged(verdict, entry, attempt, named=named)
        if verdict is Verdict.WRONG and attempt >= self._limits.wrong_entries:
            return [judged, *self._give_up("wrong_entries", now)]
        if verdict is Verdict.SILENT and attempt >= self._limits.silences:
            return [judged, *self._give_up("silence", now)]
        return [judged, *self._move(signal, now)]

    def _judged(self, verdict: Verdict, entry: Entry, attempt: int, *, named: bool) -> Judged:
        keys = entry.keys
        shown = keys if named else "*" * len(keys)
        return Judged(self._state.value, verdict, len(keys), shown, attempt, named)

    def _give_up(self, reason: str, now: float) -> list[Command]:
        return self._close(Signal.GIVE_UP, Ending(Outcome.FAILED, reason), START_OVER, now)

    # --- moving along the table -----------------------------------------------------------------------------

    def _move(self, signal: Signal, now: float, ending: Ending | None = None) -> list[Command]:
        """Follow one arrow of the table, and do what the new state starts with. Nothing else changes the state.

        Args:
            signal: which arrow.
            now: the time.
            ending: how the call ends, if this arrow decides that.
        """
        before = self._state
        self._state = follow(before, signal)
        self._ending = ending or self._ending
        prepared = [] if self._state is before else self._prepare(before)
        if self._state in STEPS:
            if self._state is not before:
                self._silent = 0
                self._step_ends_at = now + self._limits.step_s
            return prepared + self._ask(signal)
        self._collector = None
        self._step_ends_at = now + self._limits.storing_s
        self._please_wait_at = now + self._limits.please_wait_s
        return prepared + _ENTERING[self._state](self)

    def _prepare(self, before: State) -> list[Command]:
        """Have the store prepare a password while the caller repeats it, and discard it unless it is then stored."""
        request = self._request
        if before in STEPS and STEPS[before].repeats:
            return [] if self._state is State.STORING else [DiscardPassword()]
        if self._state not in STEPS or not STEPS[self._state].repeats:
            return []
        if request.target is None or request.password is None:
            raise ValueError("nothing to repeat: the table led to a repetition without a number and password")
        return [PreparePassword(request.target, request.password)]

    def _ask(self, signal: Signal) -> list[Command]:
        step = STEPS[self._state]
        reminder = step.reminder(self._request)
        self._collector = Collector(step.rule, self._limits)
        match signal:
            case Signal.WRONG | Signal.RAN_ON:
                return self._say((*WRONG_ENTRY, *reminder))
            case Signal.UNSURE | Signal.RAN_ON_UNSURE:
                return self._say((*BROKEN_UP, *reminder))
            case Signal.SILENT:
                return self._say(reminder)
            case _:
                return self._say(step.guidance(self._request))

    def _close(self, signal: Signal, ending: Ending, parts: tuple[Part, ...], now: float) -> list[Command]:
        return self._move(signal, now, ending) + self._say_last(parts, now)

    def _say_last(self, parts: tuple[Part, ...], now: float) -> list[Command]:
        """Say how the call ends; if the caller has gone, end it at once."""
        return self._say(parts) if self._gone_by is None else self._move(Signal.HUNG_UP, now)

    def _say(self, parts: tuple[Part, ...]) -> list[Command]:
        self._guidance_plays = True
        return [Say(Phrase(parts))]

    def _gone(self, ending: Ending, now: float) -> list[Command]:
        """Note that the caller hung up, or is out of reach."""
        if self._gone_by is not None:
            return []
        self._gone_by = ending
        if self._state is State.STORING:
            self._please_wait_at, self._guidance_plays = math.inf, False
            return [WithdrawPassword()]  # whether it came in time is known only by the store's answer
        if self._collector is not None:
            return self._judge(self._collector.hang_up(), now)
        return self._move(Signal.HUNG_UP, now, self._ending or ending)

    def _admitted(self, line: Line, now: float) -> list[Command]:
        if self._state is State.ADMISSION:  # an impossible signal changes nothing
            self._request.line = line
        return self._move(Signal.ADMITTED, now)

    def _store_answered(self, answer: StoreAnswer, now: float) -> list[Command]:
        if self._state is State.CLOSING:
            return []  # too late: the caller has heard that it did not work
        match answer:
            case Stored():
                commands = self._move(Signal.STORED, now, _SET)
                return commands + self._say_last(done_guidance(self._request), now)
            case NotStored():
                return self._move(Signal.NOT_STORED, now, self._gone_by or _STORE_AWAY)
            case StoreAway():
                return self._close(Signal.STORE_AWAY, _STORE_AWAY, UNAVAILABLE, now)
            case NotAdmitted(reason):
                return self._close(Signal.NOT_ADMITTED, Ending(Outcome.REFUSED, reason), CLOSINGS[reason], now)

    # --- what a state without an entry starts with ----------------------------------------------------------

    def _begin_storing(self) -> list[Command]:
        request = self._request
        if request.unit is None or request.target is None or request.password is None:
            raise ValueError("nothing to store: the table led to STORING without a unit, number and password")
        password, request.password = request.password, None
        return [StorePassword(request.unit, request.target, password)]

    def _begin_last_guidance(self) -> list[Command]:
        self._request.password = None
        return []

    def _begin_ended(self) -> list[Command]:
        self._request.password = None
        if self._ending is None:
            raise ValueError("a call ended without an outcome: the table has an arrow to ENDED that sets none")
        return [HangUp(self._ending)]


_ENTERING: Final[dict[State, Callable[[Dialogue], list[Command]]]] = {
    State.STORING: Dialogue._begin_storing,
    State.DONE: Dialogue._begin_last_guidance,
    State.CLOSING: Dialogue._begin_last_guidance,
    State.ENDED: Dialogue._begin_ended,
}
