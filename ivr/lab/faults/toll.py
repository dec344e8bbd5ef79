"""What a fault cost: which calls it concerned, what their callers heard, and whether the store has what they typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from ivr.call.dialogue.events import Outcome
from ivr.lab.load.crowd.caller import GUIDANCE_PATIENCE_S, CallEnd, CallNotes
from ivr.lab.load.judge import JudgedCall
from ivr.lab.load.logins import LoginTry

_SLACK_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time of a fault.

    Attributes:
        fault: its name.
        began, ended: when it was done, and when it was undone, in seconds since 1970; the same moment where there is
            nothing to undo, as after a kill.
        over: when the next fault began, or the calls ended.
    """

    fault: str
    began: float
    ended: float
    over: float


class Heard(StrEnum):
    """What callers heard who did not get through."""

    BUSY = "a busy tone"
    RINGING = "ringing, and no answer"
    NOTHING = "nothing"
    SILENCE = "guidance that broke off"
    APOLOGY = "an apology"


class Truth(StrEnum):
    """How what a caller was told compares with the store."""

    AS_TOLD = "as told"
    UNTOLD = "stored, and not told"
    """The caller was not told that it is stored: a second call sets it again."""
    LOST = "told, and not stored"
    WRONG = "stored otherwise than typed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toll:
    """What a fault cost.

    Attributes:
        period: the fault and its time.
        calls: how many calls were dialled or went on in its time.
        concerned: how many of them did not go as meant.
        heard: what their callers heard.
        truths: how many calls' tales differ from the store, by how.
        new_calls_failed_s: for how long after the fault's begin calls failed that were dialled then; 0 if none did.
        whole_again_s: for how long after its end calls failed that were dialled then; 0 if none did.
        logins: how many logins began in its time, or went on.
        login_problems: what went wrong with some of them, and with how many.
    """

    period: Period
    calls: int
    concerned: int
    heard: Mapping[Heard, int]
    truths: Mapping[Truth, int]
    new_calls_failed_s: float
    whole_again_s: float
    logins: int = 0
    login_problems: Mapping[str, int] = field(default_factory=dict)


def tolls(calls: Iterable[JudgedCall], periods: Sequence[Period], logins: Iterable[LoginTry] = ()) -> list[Toll]:
    """Count each fault's toll. A call or a login counts for the last fault that began before it ended.

    Args:
        calls: all calls.
        periods: the faults, in the order of their time.
        logins: all logins.
    """
    of_period: dict[str, list[JudgedCall]] = {period.fault: [] for period in periods}
    for call in calls:
        dialled, ended = _times(call.notes)
        within = [period for period in periods if dialled < period.over and ended >= period.began]
        if within:
            of_period[_cause(call, within).fault].append(call)
    tries = _tries_of(periods, logins)
    return [
        replace(
            _toll(period, of_period[period.fault]),
            logins=len(tries[period.fault]),
            login_problems=Counter(each.problem for each in tries[period.fault] if each.problem),
        )
        for period in periods
    ]


def _tries_of(periods: Sequence[Period], logins: Iterable[LoginTry]) -> Mapping[str, Sequence[LoginTry]]:
    found: dict[str, list[LoginTry]] = {period.fault: [] for period in periods}
    for each in logins:
        begun = [period for period in periods if period.began <= each.at + each.took_s and each.at < period.over]
        if begun:
            found[begun[-1].fault].append(each)
    return found


def _cause(call: JudgedCall, within: Sequence[Period]) -> Period:
    """Of the faults in whose time a call went on, choose the last that had begun when it went wrong, or when it ended.

    A caller who hung up because nothing was heard any more had waited: it went wrong before.
    """
    _, wrong = _times(call.notes)
    if call.notes.end is CallEnd.NO_PATIENCE:
        wrong -= GUIDANCE_PATIENCE_S
    begun = [period for period in within if period.began <= wrong + _SLACK_S]
    return begun[-1] if begun else within[0]


def _toll(period: Period, calls: Sequence[JudgedCall]) -> Toll:
    concerned = [call for call in calls if not _went_well(call)]
    dialled = [call.notes.dialled_at for call in concerned if call.notes.dialled_at >= period.began]
    last = max(dialled, default=period.began)
    return Toll(
        period=period,
        calls=len(calls),
        concerned=len(concerned),
        heard=Counter(heard_by(call.notes) for call in concerned),
        truths=Counter(truth for call in calls if (truth := truth_of(call)) is not Truth.AS_TOLD),
        new_calls_failed_s=last - period.began,
        whole_again_s=max(0.0, last - period.ended) if dialled else 0.0,
    )


def _went_well(call: JudgedCall) -> bool:
    return call.fate.is_as_meant and truth_of(call) is Truth.AS_TOLD


def _times(notes: CallNotes) -> tuple[float, float]:
    """Return when a call was dialled and when it ended, in seconds since 1970."""
    took_s = (notes.dialled if notes.ended is None else notes.ended) - notes.dialled
    return notes.dialled_at, notes.dialled_at + took_s


def heard_by(notes: CallNotes) -> Heard:
    """Say what a caller heard who did not get through."""
    if notes.end is CallEnd.REFUSED:
        return Heard.BUSY
    if notes.answered is None:
        return Heard.RINGING
    if notes.first_guidance is None:
        return Heard.NOTHING
    return Heard.APOLOGY if notes.end is CallEnd.BY_EXCHANGE else Heard.SILENCE


def truth_of(call: JudgedCall) -> Truth:
    """Compare what a caller was told with the store."""
    told = call.record is not None and call.record.outcome == Outcome.SET
    if call.stored is None:
        return Truth.LOST if told else Truth.AS_TOLD
    plan = call.notes.plan
    if (call.stored.target, call.stored.unit) != (plan.target, plan.unit) or not call.opens:
        return Truth.WRONG
    return Truth.AS_TOLD if told else Truth.UNTOLD


NEVER: Final = (Truth.LOST, Truth.WRONG)
"""What no fault may cost."""


def said_of(call: JudgedCall) -> str:
    """Say all that is known of a call, for whoever looks for the cause; no digit of its password is."""
    plan, style = call.notes.plan, call.notes.plan.style
    keys = "events" if style.by_events else "tones"
    typed = f"{plan.unit} for {plan.target}, by {keys} of {1000 * style.tone_s:.0f}/{1000 * style.pause_s:.0f} ms"
    ends = f"the last digit is {'' if plan.password[0] == plan.password[-1] else 'not '}the first one"
    stored = "nothing" if call.stored is None else f"{call.stored.unit} for {call.stored.target}"
    opens = "opens" if call.opens else "does not open"
    return (
        f"{datetime.fromtimestamp(call.notes.dialled_at, UTC):%H:%M:%S} {call.complaint}; typed: {typed}, {ends};"
        f" stored: {stored}, which the typed password {opens}; keys {call.keys_off}"
    )
