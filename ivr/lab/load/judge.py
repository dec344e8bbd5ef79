"""Judges each call of a load: did the store get what the caller typed, and were all keys heard?

What a caller meant is known from the plan, what happened from the record of the call, what was stored from the audit
trail, and whether the password opens the site from a login.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from credentials.audit import Action, AuditRecord
from credentials.model import Unit
from ivr.call.dialogue.events import Outcome
from ivr.lab.load.crowd.caller import CallEnd, CallNotes
from ivr.records import CallSummary
from ivr.records.model import Fate as RecordFate

_SLACK: Final = timedelta(seconds=2)
_OF_ANOTHER_CLOCK: Final = timedelta(minutes=30)


class Fate(StrEnum):
    """How a call went, compared with what its caller meant."""

    SET = "set"
    """The password that was typed is stored for the number that it was typed for."""
    LEFT = "left"
    """The caller hung up before the end, and nothing is stored."""
    NOT_SET_LOSSY = "not set, lossy line"
    """The line lost packets, and nothing is stored."""
    LOST = "lost"
    """The caller did all that was needed, and nothing is stored."""
    TURNED_AWAY = "turned away"
    """The service did not take the call: the caller heard the apology, or the exchange refused the call."""
    UNHEARD = "heard nothing"
    """The call was answered, and the caller heard nothing."""
    UNTOLD = "stored, not told"
    """What was typed is stored, and the service died before it could tell the caller so."""
    WRONG = "wrong"
    """Something else is stored than was typed, or the caller was told that it is stored and it is not, or it is and the
    caller was not told."""

    @property
    def is_as_meant(self) -> bool:
        """Whether nobody has reason to complain."""
        return self in (Fate.SET, Fate.LEFT, Fate.NOT_SET_LOSSY)


@dataclass(frozen=True, slots=True)
class Stored:
    """A temporary password that a call has set, by the audit trail.

    Attributes:
        call_id: the call.
        target: the number that it is for.
        unit: its unit.
    """

    call_id: str
    target: str
    unit: Unit

    @classmethod
    def all_of(cls, trail: Iterable[AuditRecord]) -> list[Stored]:
        """Find them in the audit trail, in its order."""
        return [
            cls(record.origin.removeprefix("call "), record.number, Unit(record.detail.removeprefix("unit ")))
            for record in trail
            if record.action == Action.TEMPORARY_PASSWORD_SET and record.origin.startswith("call ")
        ]


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """A call, and what became of it.

    Attributes:
        notes: what its caller noted.
        record: the service's record; None if it has none.
        fate: what became of it.
        stored: what it stored; None for nothing.
        opens: whether the password that was typed opens the number; True if a later call has replaced it.
    """

    notes: CallNotes
    record: CallSummary | None
    fate: Fate
    stored: Stored | None = None
    opens: bool = True

    @property
    def keys_off(self) -> int | None:
        """How many keys more were heard than pressed (less: below 0); None if it is not known how many were pressed,
        or if the line lost some.
        """
        notes = self.notes
        ended_whole = notes.end is CallEnd.BY_EXCHANGE and not notes.is_pressing
        if self.record is None or not notes.plan.is_clean or not ended_whole:
            return None
        return self.record.keys - notes.keys_pressed

    @property
    def complaint(self) -> str | None:
        """What is wrong with the call, in a line; None if nothing is, or if the service did not take it."""
        if (self.fate.is_as_meant or self.fate is Fate.TURNED_AWAY) and not self.keys_off:
            return None
        record, keys = self.record, self.keys_off or 0
        wrong = [self.fate.value, f"{self.notes.end}"]
        if record is not None:
            wrong.append(f"call {record.call_id} ended at {record.step} as {record.outcome} ({record.reason})")
        if keys:
            wrong.append(f"{abs(keys)} keys {'missed' if keys < 0 else 'extra'}")
        return f"{self.notes.plan.caller}: {'; '.join(wrong)}"


def judge(
    calls: Sequence[CallNotes],
    records: Sequence[CallSummary],
    stored: Sequence[Stored],
    opens: Mapping[str, bool],
) -> list[JudgedCall]:
    """Judge all calls of a load.

    Args:
        calls: what their callers noted.
        records: the service's records.
        stored: what was stored, in its order.
        opens: whether the password of a call opens its number, by the call's id. A password that a later call has
            replaced is not among them.
    """
    found = matched(calls, records)
    by_call = {each.call_id: each for each in stored}
    judged = []
    for notes, record in zip(calls, found, strict=True):
        of_call = by_call.get(record.call_id) if record is not None else None
        opened = record is None or opens.get(record.call_id, True)
        fate = fate_of(notes, record, of_call, opens=opened)
        judged.append(JudgedCall(notes, record, fate, of_call, opened))
    return judged


def fate_of(notes: CallNotes, record: CallSummary | None, stored: Stored | None, *, opens: bool) -> Fate:
    """Judge one call.

    Args:
        notes: what its caller noted.
        record: the service's record; None if it has none.
        stored: what it stored; None for nothing.
        opens: whether the password that was typed opens the number.
    """
    told = record is not None and record.outcome == Outcome.SET
    if told or stored is not None:
        as_typed = stored is not None and (stored.target, stored.unit) == (notes.plan.target, notes.plan.unit)
        if not (as_typed and opens):
            return Fate.WRONG
        return Fate.SET if told else Fate.UNTOLD if _died_with(record) else Fate.WRONG
    if notes.end in (CallEnd.BY_CALLER, CallEnd.INTERRUPTED):
        return Fate.LEFT
    if notes.answered is not None and notes.first_guidance is None:
        return Fate.UNHEARD
    if notes.end is CallEnd.REFUSED or (record is None and notes.end is CallEnd.BY_EXCHANGE):
        return Fate.TURNED_AWAY
    return Fate.LOST if notes.plan.is_clean else Fate.NOT_SET_LOSSY


def _died_with(record: CallSummary | None) -> bool:
    """Whether the call's service ended while the call went on."""
    return record is not None and record.outcome == RecordFate.LOST


def matched(calls: Sequence[CallNotes], records: Iterable[CallSummary]) -> list[CallSummary | None]:
    """Find the record of each call: it is of the same caller number, and started while the call went on.

    Where the number has called once and has one record, that is it although it is hours off: a host's clock may be
    wrong.
    """
    of_number: dict[str, list[CallSummary]] = defaultdict(list)
    for record in records:
        of_number[record.began.caller].append(record)
    times_called = Counter(notes.plan.caller for notes in calls)
    found: list[CallSummary | None] = []
    for notes in calls:
        first = datetime.fromtimestamp(notes.dialled_at, UTC)
        took_s = (notes.ended or notes.dialled) - notes.dialled
        within = [
            record
            for record in of_number[notes.plan.caller]
            if first - _SLACK <= record.began.began_at <= first + timedelta(seconds=took_s) + _SLACK
        ]
        of_caller = of_number[notes.plan.caller]
        if not within and times_called[notes.plan.caller] == len(of_caller) == 1:
            within = [record for record in of_caller if abs(record.began.began_at - first) > _OF_ANOTHER_CLOCK]
        nearest = min(within, key=lambda record: abs(record.began.began_at - first), default=None)
        if nearest is not None:
            of_caller.remove(nearest)
        found.append(nearest)
    return found
