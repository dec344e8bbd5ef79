"""The loop of a load's callers: one thread carries the plans and the packets of all of them.

It goes round every 2 ms: it takes what has come, sends the packets that are due, and every tenth time lets the callers
act. Nothing in it waits for anything but the time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ivr.lab.load.crowd.caller import Action, CallEnd, Caller, CallNotes, HangUp, Press
from ivr.lab.load.crowd.hearing import Hearing
from ivr.lab.load.crowd.keying import keying
from ivr.lab.load.crowd.plan import draw
from ivr.lab.load.crowd.trunk import SLOT_S, SLOTS, Change, Trunk
from ivr.lab.load.lines import FreeLines, LoadLine
from ivr.media.clock import TICK_S

BETWEEN_CALLS_S: Final = 0.3
"""How long after a call the next caller of a place starts theirs."""
CALL_AGAIN_S: Final = (20.0, 40.0)
"""How long after a call that was turned away its caller calls again: nobody who was asked to call again in a few
minutes does so in the same second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdSettings:
    """What a crowd of callers is to do.

    Attributes:
        calls: how many of them are in calls at once.
        seconds: for how long new calls start.
        seed: draws what each caller does.
        lines: how many lines there are.
        ramp_s: the time in which the first calls start, one after the other.
    """

    calls: int
    seconds: float
    seed: int
    lines: int
    ramp_s: float


@dataclass(slots=True)
class Lateness:
    """How late the callers' own packets were: a load that is late itself measures nothing.

    Attributes:
        slots: how many slots there were.
        late: how many of them were more than 20 ms late.
        most_s: how late the latest was.
    """

    slots: int = 0
    late: int = 0
    most_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Note a slot that came `seconds` after its time."""
        self.slots += 1
        self.late += seconds > TICK_S
        self.most_s = max(self.most_s, seconds)


@dataclass(slots=True)
class _Place:
    """A caller's place: at most one call at a time, and when the next one starts.

    `pressed_at` is when the entry that is being pressed started.
    """

    next_call: float
    caller: Caller | None = None
    line: LoadLine | None = None
    pressed_at: float = 0.0


class Crowd:
    """The callers.

    Args:
        settings: what they are to do.
        trunk: carries their calls; `run` closes it.
        over: called with the notes of each call when it is over.
    """

    def __init__(self, settings: CrowdSettings, trunk: Trunk, over: Callable[[CallNotes], None]) -> None:
        self._settings = settings
        self._trunk = trunk
        self._over = over
        self._hearing = Hearing(settings.calls)
        self._free = FreeLines(map(LoadLine.numbered, range(settings.lines)))
        self._drawn = 0
        self._no_more_calls = math.inf
        self._places: list[_Place] = []
        self.lateness = Lateness()

    @property
    def calling(self) -> int:
        """How many calls there are now."""
        return sum(place.caller is not None for place in self._places)

    @property
    def talking(self) -> int:
        """How many of them are answered."""
        return sum(place.caller is not None and place.caller.notes.answered is not None for place in self._places)

    def stop(self) -> None:
        """Hang up all calls, and start no more."""
        now = time.monotonic()
        self._no_more_calls = now
        for number, place in enumerate(self._places):
            if place.caller is not None:
                self._act(number, place.caller, place.caller.interrupt(), now)

    def call_no_more(self) -> None:
        """Start no more calls; those that go on come to their end."""
        self._no_more_calls = time.monotonic()

    def run(self, each_second: Callable[[], None]) -> None:
        """Call until the time is over and the last call has ended.

        Args:
            each_second: called once a second; may call `stop`.
        """
        start = time.monotonic()
        self._no_more_calls = start + self._settings.seconds
        calls = self._settings.calls
        ramp_s = self._settings.ramp_s
        self._places = [_Place(start + ramp_s * number / calls) for number in range(calls)]
        number, next_second = 0, start + 1.0
        try:
            while True:
                due = start + number * SLOT_S
                now = time.monotonic()
                if now < due:
                    time.sleep(due - now)
                    now = time.monotonic()
                self.lateness.add(now - due)
                self._take(now)
                self._send(number % SLOTS, now)
                if number % SLOTS == 0:
                    self._let_act(now)
                    if now >= self._no_more_calls and not self.calling:
                        return
                    if now >= next_second:
                        next_second = now + 1.0
                        each_second()
                number += 1
        finally:
            self._trunk.close()

    # --- the trunk ------------------------------------------------------------------------------------------

    def _take(self, now: float) -> None:
        for number, change in self._trunk.changes(now):
            caller = self._places[number].caller
            if caller is None:
                continue
            match change:
                case Change.ANSWERED:
                    self._hearing.clear(number)
                    caller.answered(now)
                case Change.REFUSED:
                    caller.ended(now, CallEnd.REFUSED)
                    self._finish(number, caller, now)
                case Change.ENDED:
                    caller.ended(now, CallEnd.BY_EXCHANGE)
                    self._finish(number, caller, now)
        for heard in self._trunk.hear(now):
            for number, started in self._hearing.packets(*heard):
                if (speaker := self._places[number].caller) is not None:
                    speaker.guidance_started(started)

    def _send(self, slot: int, now: float) -> None:
        for sent in self._trunk.send(slot):
            place = self._places[sent.place]
            if place.caller is None:
                continue
            if sent.is_over:
                place.caller.pressed(now, last_key=place.pressed_at + sent.keying.last_key_s)
            else:
                place.pressed_at = now
                self._hearing.key_started(sent.place, now + sent.keying.first_key_s)

    def _finish(self, number: int, caller: Caller, now: float) -> None:
        """Clear a place whose call is over."""
        place = self._places[number]
        if place.line is not None:
            self._free.give_back(place.line)
        place.caller = place.line = None
        place.next_call = now + self._pause_s(caller.notes)
        self._over(caller.notes)

    def _pause_s(self, notes: CallNotes) -> float:
        if not notes.sent_away:
            return BETWEEN_CALLS_S
        return float(np.random.default_rng((self._settings.seed, self._drawn, 2)).uniform(*CALL_AGAIN_S))

    # --- callers --------------------------------------------------------------------------------------------

    def _let_act(self, now: float) -> None:
        for number in self._hearing.fell_silent(now):
            if (caller := self._places[number].caller) is not None:
                caller.guidance_ended(now)
        for number, seconds in self._hearing.stopped(now):
            caller = self._places[number].caller
            if caller is not None and not caller.notes.plan.style.by_events:
                caller.key_stopped_guidance(seconds)
        for number, place in enumerate(self._places):
            caller = place.caller
            if caller is None:
                if place.next_call <= now < self._no_more_calls:
                    self._dial(number, place, now)
            elif caller.next_at <= now and (action := caller.time(now)) is not None:
                self._act(number, caller, action, now)

    def _dial(self, number: int, place: _Place, now: float) -> None:
        place.line = self._free.take()
        plan = draw(self._settings.seed, self._drawn, place.line)
        chance = np.random.default_rng((self._settings.seed, self._drawn, 1))
        self._drawn += 1
        place.caller = Caller(plan, dialled=now, dialled_at=time.time())
        self._trunk.dial(number, plan, chance, now)

    def _act(self, number: int, caller: Caller, action: Action, now: float) -> None:
        match action:
            case Press(entry):
                self._trunk.press(number, keying(entry.keys, caller.notes.plan.style))
            case HangUp() if caller.notes.ended is None:
                caller.ended(now, CallEnd.BY_CALLER)
                self._trunk.hang_up(number, now)
