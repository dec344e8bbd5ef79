"""The verdict on a call, from its steps: who called, when, for how long it rang, and what became of it.

Asterisk reports how long after the start of a Dial the first phone rang (RINGTIME_MS), and the steps themselves have
their moments. So ringing starts at the first leg's start and that time, and ends with the answer or the last leg. For a
forwarded call the ringing is that of the subscriber's own phones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from notice.journal.caller import Caller
from notice.journal.lines import Line, Service, Step

GRACE: Final = timedelta(seconds=1)
"""How long after the last phone was given up an exchange may take to forward the call. It does so at once, or never."""
_BUSY: Final = 17
_MOVED: Final = 23
"""A phone forwards the call (SIP 302)."""
_REACHED: Final = frozenset({None, 0, 16, 18, 19, 21, 26, 127})
"""Causes of a leg that was reached and not answered: given up, no reply, declined. With others it was busy or away."""


class Result(StrEnum):
    """What became of a call."""

    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    BUSY = "busy"
    FORWARDED = "forwarded"
    FORWARDING_FAILED = "forwarding_failed"
    """It was forwarded to a number that was busy, or could not be reached."""
    REFUSED = "refused"
    """Another service of the exchange refused it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of a call when it has stopped ringing.

    Attributes:
        call: its id (LINKEDID); with `number` the key of the verdict.
        number: the number that was called.
        caller: who called.
        began_at: when it began to ring; when it came, if it did not ring.
        ringing_ms: for how long it rang, in milliseconds; None if that is not known (Asterisk died meanwhile).
        result: what became of it.
        service: which service refused it.
    """

    call: str
    number: str
    caller: Caller = field(repr=False)
    began_at: datetime
    ringing_ms: int | None
    result: Result
    service: Service | None = None

    @property
    def ringing_s(self) -> int | None:
        """The seconds of ringing, rounded."""
        return None if self.ringing_ms is None else (self.ringing_ms + 500) // 1000


@dataclass(frozen=True, slots=True)
class Judgement:
    """What can be said of a call so far.

    Attributes:
        verdict: the verdict; None if the call is still ringing.
        from_then_on: when the verdict counts, unless another step comes before; None: at once.
    """

    verdict: Verdict | None
    from_then_on: datetime | None = None

    @property
    def is_final(self) -> bool:
        """Whether no further step can change it."""
        return self.verdict is not None and self.from_then_on is None


def judge(steps: Sequence[Line], *, given_up: bool = False) -> Judgement:
    """Judge a call by its steps.

    Args:
        steps: what happened so far, in the order of the journal. The first says who calls (`lines.OPENING`).
        given_up: nothing will follow: Asterisk died.
    """
    story = Story(steps[0])
    for step in steps:
        if story.take(step).is_final:
            break
    return Judgement(story.given_up()) if given_up else story.judgement


class Story:
    """What the steps of a call add up to.

    Args:
        first: the first of them, which says who calls (`lines.OPENING`); it has to be taken like all others.

    Attributes:
        judgement: what can be said of the call so far.
    """

    def __init__(self, first: Line) -> None:
        self.judgement = Judgement(None)
        self._first = first
        self._by_exchange = False
        """It is forwarded by the exchange: all legs from now on are of the forwarding."""
        self._by_phone = False
        self._dial_at = first.at
        self._legs: dict[str, bool] = {}
        """The legs of the present Dial, and whether each is still there."""
        self._causes: list[int | None] = []
        self._over_at: datetime | None = None
        self._rings_from: datetime | None = None
        self._rings_until: datetime | None = None
        self._ring_known = True
        self._answered_at: datetime | None = None

    def take(self, step: Line) -> Judgement:
        """Take the next step, and return what can be said now. None may follow one that is final."""
        self.judgement = self._decided(step) or self._so_far()
        return self.judgement

    def given_up(self) -> Verdict:
        """Return the verdict on a call of which nothing more will be heard."""
        if self.judgement.verdict is not None:
            return self.judgement.verdict
        if self._forwarded:
            return self._verdict(Result.FORWARDED)
        return self._verdict(Result.NOT_ANSWERED if self._answered_at is None else Result.ANSWERED)

    @property
    def _forwarded(self) -> bool:
        return self._by_exchange or self._by_phone

    def _decided(self, step: Line) -> Judgement | None:
        """Return the judgement if the step decides the call."""
        match step.step:
            case Step.REFUSED:
                self._stop_ringing(step.at)
                return Judgement(self._verdict(Result.REFUSED, step.service))
            case Step.CALL | Step.FORWARD:
                self._dial(step)
            case Step.LEG:
                self._dial_at = self._dial_at if self._legs else step.at
                self._legs[step.channel] = True
                self._over_at = None
            case Step.LEG_END:
                self._leg_over(step)
            case Step.ANSWERED:
                return self._answered(step)
            case Step.END:
                return self._end(step)
        return None

    def _so_far(self) -> Judgement:
        if self._over_at is None or self._by_phone or not self._ring_known or self._answered_at is not None:
            return Judgement(None)
        return Judgement(self._verdict(self._unanswered()), self._over_at + GRACE)

    def _verdict(self, result: Result, service: Service | None = None) -> Verdict:
        return Verdict(
            call=self._first.call,
            number=self._first.number,
            caller=self._first.caller or Caller(""),
            began_at=self._rings_from or self._first.at,
            ringing_ms=self._ringing_ms(),
            result=result,
            service=service,
        )

    def _dial(self, step: Line) -> None:
        """A Dial starts; those before it are over."""
        if step.step is Step.FORWARD:
            self._stop_ringing(step.at)
            self._by_exchange = True
        self._dial_at, self._legs, self._causes, self._over_at = step.at, {}, [], None

    def _leg_over(self, step: Line) -> None:
        if not self._legs.get(step.channel):
            return
        self._legs[step.channel] = False
        self._hear_ringing(step)
        self._causes.append(step.cause)
        if step.cause == _MOVED and not self._by_exchange:
            self._by_phone = True
            self._stop_ringing(step.at)
        if not any(self._legs.values()):
            self._over_at = step.at
            if not self._forwarded and self._answered_at is None:
                self._rings_until = step.at

    def _answered(self, step: Line) -> Judgement | None:
        if self._by_exchange or step.channel not in self._legs:  # a leg that a phone's forwarding has made
            self._stop_ringing(step.at)
            return Judgement(self._verdict(Result.FORWARDED))
        self._hear_ringing(step)
        self._rings_until = self._answered_at = step.at
        return Judgement(self._verdict(Result.ANSWERED)) if self._ring_known else None

    def _end(self, step: Line) -> Judgement:
        if not self._ring_known and not self._forwarded:
            self._ring_known = True
            self._hear_ringing(step)
        if step.answered and self._answered_at is None:  # the Dial lacks our option U, so nobody knows when
            self._rings_until = self._rings_until if self._forwarded else None
            return Judgement(self._verdict(Result.FORWARDED if self._forwarded else Result.ANSWERED))
        if self._answered_at is not None:
            return Judgement(self._verdict(Result.ANSWERED))
        self._stop_ringing(step.at)
        if not self._causes or self._by_phone:
            self._causes = [step.cause]
        return Judgement(self._verdict(self._unanswered()))

    def _unanswered(self) -> Result:
        if self._forwarded:
            return Result.FORWARDED if self._causes[-1] in _REACHED else Result.FORWARDING_FAILED
        return Result.BUSY if set(self._causes) == {_BUSY} else Result.NOT_ANSWERED

    def _hear_ringing(self, step: Line) -> None:
        """Note when a phone of the subscriber's began to ring, if the step says so."""
        if self._forwarded or self._rings_from is not None:
            return
        if not step.ring_known:
            self._ring_known = False
        elif step.ring_ms is not None:
            self._rings_from = min(self._dial_at + timedelta(milliseconds=step.ring_ms), step.at)

    def _stop_ringing(self, at: datetime) -> None:
        if self._rings_until is None:
            self._rings_until = at

    def _ringing_ms(self) -> int | None:
        if self._rings_from is None:
            return 0 if self._ring_known and self._rings_until is not None else None
        if self._rings_until is None:
            return None
        return max(round((self._rings_until - self._rings_from) / timedelta(milliseconds=1)), 0)
