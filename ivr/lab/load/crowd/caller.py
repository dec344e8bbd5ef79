"""A caller of a load: follows a plan by what is heard, and notes what happened.

A caller knows only when guidance starts and when it falls silent, as one who does not understand the language would. So
a caller who hears that a right entry was wrong goes on with the plan, and does not get through.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ivr.lab.load.crowd.plan import Entry, Plan, When

ANSWER_PATIENCE_S: Final = 20.0
"""How long a caller waits for the exchange to answer."""
GUIDANCE_PATIENCE_S: Final = 45.0
"""How long a caller waits for the next guidance: longer than any guidance, and than the store may take."""


class CallEnd(StrEnum):
    """How a call ended, as its caller saw it."""

    BY_EXCHANGE = "the exchange hung up"
    BY_CALLER = "the caller hung up as planned"
    NO_PATIENCE = "the caller heard nothing for too long"
    INTERRUPTED = "the load was ended"
    REFUSED = "the exchange refused the call"
    NO_ANSWER = "the exchange did not answer"


@dataclass(frozen=True, slots=True)
class Press:
    """The caller starts an entry."""

    entry: Entry = field(repr=False)


@dataclass(frozen=True, slots=True)
class HangUp:
    """The caller hangs up."""


Action = Press | HangUp


@dataclass(slots=True, kw_only=True)
class CallNotes:
    """What a caller noted of a call. All times are those of the caller's clock, None if it did not happen.

    Attributes:
        plan: what the caller meant to do.
        dialled_at: when the caller dialled, in seconds since 1970 as the records have it.
        dialled, answered, ended: when the call was dialled and answered, and when it ended.
        end: how it ended; None while it goes on.
        first_guidance: when the first guidance started.
        last_key: when the last key of all entries started.
        answer_heard: when the first guidance after it started.
        silences_s: for each key that stopped guidance, how long after its start the first silent packet came.
        keys_pressed: how many keys the entries have that were pressed to their end.
        is_pressing: whether an entry was started and not ended.
        pressed_all: whether all entries were pressed to their end.
    """

    plan: Plan
    dialled_at: float
    dialled: float
    answered: float | None = None
    ended: float | None = None
    end: CallEnd | None = None
    first_guidance: float | None = None
    last_key: float | None = None
    answer_heard: float | None = None
    silences_s: list[float] = field(default_factory=list)
    keys_pressed: int = 0
    is_pressing: bool = False
    pressed_all: bool = False

    @property
    def sent_away(self) -> bool:
        """Whether the exchange ended the call before the caller had pressed all. (Some press during an apology.)"""
        return self.end is CallEnd.BY_EXCHANGE and not self.pressed_all

    @property
    def answer_s(self) -> float | None:
        """How long after the answer of the exchange the first guidance was heard."""
        return _between(self.answered, self.first_guidance)

    @property
    def stored_s(self) -> float | None:
        """How long after the start of the last key the next guidance was heard."""
        return _between(self.last_key, self.answer_heard)


def _between(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else second - first


class Caller:
    """Carries out one plan. It has no clock: all times are rising seconds that are handed in.

    Args:
        plan: what to do.
        dialled: when the call is dialled.
        dialled_at: the same in seconds since 1970.

    Attributes:
        notes: what happened so far.
    """

    def __init__(self, plan: Plan, *, dialled: float, dialled_at: float) -> None:
        self.notes = CallNotes(plan=plan, dialled_at=dialled_at, dialled=dialled)
        self._entries = deque(plan.entries)
        self._due = math.inf
        self._hang_up = math.inf
        self._patience = dialled + ANSWER_PATIENCE_S

    @property
    def next_at(self) -> float:
        """When the caller next does something if nothing happens before."""
        return min(self._due, self._hang_up, self._patience)

    def answered(self, now: float) -> None:
        """Note that the exchange has answered."""
        self.notes.answered = now
        self._patience = now + GUIDANCE_PATIENCE_S
        if self.notes.plan.hang_up_s is not None:
            self._hang_up = now + self.notes.plan.hang_up_s

    def guidance_started(self, now: float) -> None:
        """Note that guidance is heard, after silence."""
        if self.notes.first_guidance is None:
            self.notes.first_guidance = now
        if self.notes.pressed_all and self.notes.answer_heard is None:
            self.notes.answer_heard = now
        self._patience = now + GUIDANCE_PATIENCE_S
        if self._waits_for(When.GUIDANCE_STARTS):
            self._due = now + self._entries[0].wait_s

    def guidance_ended(self, now: float) -> None:
        """Note that guidance has fallen silent for longer than it pauses."""
        self._patience = now + GUIDANCE_PATIENCE_S
        if self._waits_for(When.GUIDANCE_HEARD):
            self._due = now + self._entries[0].wait_s

    def key_stopped_guidance(self, seconds: float) -> None:
        """Note how long guidance was heard after the start of a key that stopped it."""
        self.notes.silences_s.append(seconds)

    def pressed(self, now: float, *, last_key: float) -> None:
        """Note that the entry has been pressed to its end.

        Args:
            now: when it ended.
            last_key: when its last key started.
        """
        self.notes.is_pressing = False
        self.notes.keys_pressed += len(self._entries.popleft().keys)
        self._patience = now + GUIDANCE_PATIENCE_S
        if not self._entries:
            self.notes.pressed_all = True
            self.notes.last_key = last_key
        elif self._entries[0].when is When.AHEAD:
            self._due = now + self._entries[0].wait_s

    def time(self, now: float) -> Action | None:
        """Let time pass; returns what the caller does."""
        if now >= self._hang_up:
            return self._leave(CallEnd.BY_CALLER)
        if now >= self._patience:
            return self._leave(CallEnd.NO_ANSWER if self.notes.answered is None else CallEnd.NO_PATIENCE)
        if now < self._due:
            return None
        self._due = math.inf
        self.notes.is_pressing = True
        return Press(self._entries[0])

    def interrupt(self) -> HangUp:
        """Have the caller hang up because the load is to end."""
        return self._leave(CallEnd.INTERRUPTED)

    def ended(self, now: float, end: CallEnd) -> None:
        """Note that the call has ended. If the caller has hung up, that is how."""
        if self.notes.ended is None:
            self.notes.ended = now
            self.notes.end = self.notes.end or end

    def _leave(self, end: CallEnd) -> HangUp:
        self.notes.end = self.notes.end or end
        self._due = self._hang_up = self._patience = math.inf
        return HangUp()

    def _waits_for(self, when: When) -> bool:
        if not self._entries or self.notes.is_pressing or self._due < math.inf:
            return False
        return self._entries[0].when is when
