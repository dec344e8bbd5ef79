"""The call as a table of states and transitions (docs/rules.md, chapter 2).

Where to read what:

- `TRANSITIONS` says which state follows which signal. The state changes only along this table (`follow`). A signal that
  a state does not list is a programming error. The diagram in the documentation is drawn from this table.
- `STEPS` says, for each state that asks the caller for something, what is said, what ends the entry, and how an entry
  is judged. Judging turns an entry into a signal.
- `CLOSINGS` says what is said before a call ends without success.

The machine that runs the tables is in `dialogue.py`. It does the counting (wrong entries, silences, time) and knows no
step by name. The life of a call:

    ADMISSION    the caller number is looked up                     (no guidance)
    UNIT         1 line, 2 number, 3 administrator or user          one key
    NUMBER       which number of the line                           digits and `#`; not for every unit
    PASSWORD     8 digits
    CONFIRM      the same 8 digits                                  (the store prepares meanwhile; nothing is stored)
    STORING      the store works                                    (asks to wait if it takes long; keys are dropped)
    DONE         says that the password is set                      docs/rules.md 2.6
    CLOSING      says why the call ends                             docs/rules.md 2.1, 2.6 and 2.7
    ENDED        nothing more happens

A hang-up leads to ENDED from every state but STORING: there the store's answer is awaited, because only the answer
tells whether the password was set. A fault of ours leads to ENDED from every state.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from credentials.model import Line, Unit
from ivr.call.dialogue.entry import EIGHT_KEYS, ONE_KEY, UNTIL_HASH, EntryRule
from ivr.call.dialogue.errors import ImpossibleSignalError
from ivr.call.dialogue.events import RefusalReason
from ivr.call.phrases import Number, Part


class State(Enum):
    """The states of a call."""

    ADMISSION = "admission"
    UNIT = "unit"
    NUMBER = "number"
    PASSWORD = "password"  # noqa: S105 - a state's name
    CONFIRM = "confirm"
    STORING = "storing"
    DONE = "done"
    CLOSING = "closing"
    ENDED = "ended"


class Signal(Enum):
    """The meaning of an event in a state. The value is the label in the diagram."""

    ADMITTED = "caller number of a subscribed line"
    NOT_ADMITTED = "no number, not subscribed or locked"
    TARGET_KNOWN = "1, or 3 by an additional number"
    TARGET_ASKED = "2, or 3 by the contract number"
    ACCEPTED = "accepted"
    MATCHED = "the same 8 digits"
    STORED = "stored"
    NOT_STORED = "caller gone, nothing stored"
    STORE_AWAY = "store away"
    WRONG = "wrong entry"
    UNSURE = "wrong entry, a key may be lost"
    RAN_ON = "wrong entry, started before it was asked for"
    RAN_ON_UNSURE = "the same, a key may be lost"
    SILENT = "silence"
    GIVE_UP = "3rd wrong entry or silence, or out of time"
    SAID = "guidance heard"
    HUNG_UP = "hang-up"
    FAULT = "fault of ours"


SLIPS = 2
"""In how many digits a refused number may differ from one of the line's and still be shown. A number that differs in
more, or that did not end with `#`, may be the password of a caller who did not listen (docs/rules.md 5.2)."""

_ANYWHERE = {Signal.FAULT: State.ENDED}
_ASKING = {Signal.GIVE_UP: State.CLOSING, Signal.HUNG_UP: State.ENDED, **_ANYWHERE}

TRANSITIONS: Mapping[State, Mapping[Signal, State]] = {
    State.ADMISSION: {
        Signal.ADMITTED: State.UNIT,
        Signal.NOT_ADMITTED: State.CLOSING,
        Signal.STORE_AWAY: State.CLOSING,
        Signal.HUNG_UP: State.ENDED,
        **_ANYWHERE,
    },
    State.UNIT: {
        Signal.TARGET_KNOWN: State.PASSWORD,
        Signal.TARGET_ASKED: State.NUMBER,
        Signal.WRONG: State.UNIT,
        Signal.UNSURE: State.UNIT,
        Signal.SILENT: State.UNIT,
        **_ASKING,
    },
    State.NUMBER: {
        Signal.ACCEPTED: State.PASSWORD,
        Signal.WRONG: State.NUMBER,
        Signal.UNSURE: State.NUMBER,
        Signal.SILENT: State.NUMBER,
        **_ASKING,
    },
    State.PASSWORD: {
        Signal.ACCEPTED: State.CONFIRM,
        Signal.WRONG: State.PASSWORD,
        Signal.UNSURE: State.PASSWORD,
        Signal.SILENT: State.PASSWORD,
        **_ASKING,
    },
    State.CONFIRM: {
        Signal.MATCHED: State.STORING,
        Signal.WRONG: State.CONFIRM,
        Signal.RAN_ON: State.PASSWORD,
        Signal.RAN_ON_UNSURE: State.PASSWORD,
        Signal.UNSURE: State.CONFIRM,
        Signal.SILENT: State.CONFIRM,
        **_ASKING,
    },
    State.STORING: {
        Signal.STORED: State.DONE,
        Signal.STORE_AWAY: State.CLOSING,
        Signal.NOT_ADMITTED: State.CLOSING,
        Signal.NOT_STORED: State.ENDED,
        **_ANYWHERE,
    },
    State.DONE: {Signal.SAID: State.ENDED, Signal.HUNG_UP: State.ENDED, **_ANYWHERE},
    State.CLOSING: {Signal.SAID: State.ENDED, Signal.HUNG_UP: State.ENDED, **_ANYWHERE},
    State.ENDED: {},
}


def follow(state: State, signal: Signal) -> State:
    """The state that follows a signal.

    Raises:
        ImpossibleSignalError: the state has no arrow for the signal.
    """
    row = TRANSITIONS[state]
    if signal not in row:
        possible = ", ".join(each.name for each in row) or "none"
        raise ImpossibleSignalError(
            f"the signal {signal.name} came in the state {state.name}, whose row of TRANSITIONS does not list it "
            f"(it lists {possible}): give the row an arrow for it, or do not hand such an event to the dialogue then"
        )
    return row[signal]


@dataclass(slots=True)
class Request:
    """Everything that the call knows so far: filled in step by step, stored only at the end.

    Attributes:
        caller: the caller number.
        line: the caller's line.
        unit: the chosen unit.
        target: the number whose temporary password is being set.
        password: the first entry of the password; never shown.
    """

    caller: str
    line: Line | None = None
    unit: Unit | None = None
    target: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Request(caller={self.caller!r}, unit={self.unit}, target={self.target!r})"


@dataclass(frozen=True, slots=True)
class Step:
    """A state that asks for something.

    Attributes:
        guidance: makes the parts of the guidance, from what is known so far.
        rule: what ends the entry.
        judge: turns the keys of a complete entry into a signal; notes them in the request if they are good.
        reminder: makes the parts of the guidance when the step is repeated.
        secret: whether the keys are a password.
        near: whether refused keys differ so little from an acceptable entry that they may be shown.
        repeats: whether the keys must equal those of the entry before. If they do not, and the caller had gone on
            pressing in rhythm before the step could be heard, the entry before may have had a key too many.
    """

    guidance: Callable[[Request], tuple[Part, ...]]
    rule: EntryRule
    judge: Callable[[Request, str], Signal]
    reminder: Callable[[Request], tuple[Part, ...]]
    secret: bool = False
    near: Callable[[Request, str, int], bool] = lambda _request, _keys, _few: False
    repeats: bool = False


# --- unit (docs/rules.md 2.2 and 2.3) -----------------------------------------------------------------------

UNIT_KEYS: Mapping[str, Unit] = {"1": Unit.LINE, "2": Unit.NUMBER, "3": Unit.ADMIN_USER}
UNIT_OF_THE_LINE: Mapping[Unit, Part] = {
    Unit.LINE: "unit.is_line",
    Unit.NUMBER: "unit.is_number",
    Unit.ADMIN_USER: "unit.is_admin_user",
}
"""The guidance that says which unit the line has, and which key to press (docs/rules.md 2.2)."""


def _remind_of_unit(request: Request) -> tuple[Part, ...]:
    """Name the line's unit: a line that has one takes no other, and callers cannot know which it is."""
    unit = None if request.line is None else request.line.unit
    return ("unit.ask",) if unit is None else (UNIT_OF_THE_LINE[unit],)


def _judge_unit(request: Request, keys: str) -> Signal:
    unit = UNIT_KEYS.get(keys)
    if unit is None or request.line is None or request.line.unit not in (None, unit):
        return Signal.WRONG  # a line that has a unit changes it at the settings site, not by a call
    request.unit = unit
    if unit is Unit.LINE:
        request.target = request.line.contract_number
    elif unit is Unit.ADMIN_USER and request.caller != request.line.contract_number:
        request.target = request.caller
    else:
        return Signal.TARGET_ASKED
    return Signal.TARGET_KNOWN


# --- number (docs/rules.md 2.3) -----------------------------------------------------------------------------


def _judge_number(request: Request, keys: str) -> Signal:
    if request.line is None or keys not in request.line.numbers:
        return Signal.WRONG
    request.target = keys
    return Signal.ACCEPTED


def _near_a_number(request: Request, keys: str, few: int) -> bool:
    numbers = request.line.numbers if request.line is not None else frozenset[str]()
    return any(len(number) == len(keys) and sum(map(operator.ne, number, keys)) <= few for number in numbers)


# --- password and confirmation (docs/rules.md 2.4 and 2.5) --------------------------------------------------

PASSWORD_DIGITS = 8


def _judge_password(request: Request, keys: str) -> Signal:
    if len(keys) != PASSWORD_DIGITS or not (keys.isascii() and keys.isdigit()):
        return Signal.WRONG
    request.password = keys
    return Signal.ACCEPTED


def _judge_confirmation(request: Request, keys: str) -> Signal:
    return Signal.MATCHED if keys == request.password else Signal.WRONG


def _target(request: Request) -> tuple[Part, ...]:
    if request.target is None:
        raise ValueError("no target number yet: the table led to a step that names it too early")
    number = Number(request.target)
    return ("target.contract", number) if request.unit is Unit.LINE else (number,)


def _tried(request: Request) -> tuple[Part, ...]:
    """Say that somebody else may have tried the password: a caller who did not know would give up at the site."""
    tried = request.line is not None and request.target in request.line.tried_out
    return ("target.tried",) if tried else ()


STEPS: Mapping[State, Step] = {
    State.UNIT: Step(lambda _: ("unit.ask",), ONE_KEY, _judge_unit, reminder=_remind_of_unit),
    State.NUMBER: Step(
        lambda _: ("number.ask",), UNTIL_HASH, _judge_number, reminder=lambda _: ("number.ask",), near=_near_a_number
    ),
    State.PASSWORD: Step(
        lambda request: (*_target(request), "password.about", *_tried(request), "password.ask"),
        EIGHT_KEYS,
        _judge_password,
        reminder=lambda _: ("password.ask",),  # reading the number out again would use up the step's time
        secret=True,
    ),
    State.CONFIRM: Step(
        lambda _: ("confirm.ask",),
        EIGHT_KEYS,
        _judge_confirmation,
        reminder=lambda _: ("confirm.ask",),
        secret=True,
        repeats=True,
    ),
}


def done_guidance(request: Request) -> tuple[Part, ...]:
    """The guidance when the password is set."""
    return (*_target(request), "done.set", "done.next")


WRONG_ENTRY: tuple[Part, ...] = ("wrong.again",)
BROKEN_UP: tuple[Part, ...] = ("line.again",)
START_OVER: tuple[Part, ...] = ("start.over",)
PLEASE_WAIT: tuple[Part, ...] = ("storing.wait",)
UNAVAILABLE: tuple[Part, ...] = ("unavailable",)

CLOSINGS: Mapping[RefusalReason, tuple[Part, ...]] = {
    RefusalReason.WITHHELD: ("refused.withheld",),
    RefusalReason.PAYPHONE: ("refused.payphone",),
    RefusalReason.UNKNOWN: ("refused.unknown",),
    RefusalReason.NOT_SUBSCRIBED: ("refused.not_subscribed",),
    RefusalReason.LOCKED: ("refused.locked",),
    RefusalReason.THROTTLED: ("refused.locked",),  # the remedy is the same: call again later
}
