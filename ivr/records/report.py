"""How callers fare: how many got through at the first try, and where the others fail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ivr.call.dialogue.events import Outcome
from ivr.records.model import CallSummary, Fate

K = TypeVar("K")

NOT_COUNTED: Final = frozenset({Fate.IN_PROGRESS.value, Outcome.REFUSED.value})
"""Calls that go on, and callers who were not to get through, say nothing of how well callers fare."""


@dataclass(slots=True)
class Tally:
    """Counts of calls.

    Attributes:
        calls: all of them.
        admitted: those that were let in and are over.
        set_: those that set a password.
        first_try: those that did so without a wrong entry or a silence.
        outcomes: calls by outcome and reason.
        failed_at: calls that were let in and did not set a password, by the last step that they reached.
        keys, missed: keys that were heard; near misses.
    """

    calls: int = 0
    admitted: int = 0
    set_: int = 0
    first_try: int = 0
    outcomes: dict[tuple[str, str], int] = field(default_factory=dict)
    failed_at: dict[str, int] = field(default_factory=dict)
    keys: int = 0
    missed: int = 0

    def add(self, call: CallSummary) -> None:
        """Count one more call."""
        self.calls += 1
        self.keys += call.keys
        self.missed += call.missed
        _count(self.outcomes, (call.outcome, call.reason))
        if call.outcome in NOT_COUNTED:
            return
        self.admitted += 1
        if call.outcome == Outcome.SET:
            self.set_ += 1
            self.first_try += call.first_try
        else:
            _count(self.failed_at, call.step)

    @property
    def first_try_share(self) -> float | None:
        """Calls that got through at the first try, of those that were let in; None if there were none."""
        return self.first_try / self.admitted if self.admitted else None


@dataclass(frozen=True, slots=True)
class Report:
    """The tally of all calls, and that of each trunk."""

    total: Tally
    by_trunk: dict[str, Tally]


def report(calls: Iterable[CallSummary]) -> Report:
    """Count calls."""
    total, by_trunk = Tally(), dict[str, Tally]()
    for call in calls:
        total.add(call)
        by_trunk.setdefault(call.began.trunk, Tally()).add(call)
    return Report(total, dict(sorted(by_trunk.items())))


def _count(counts: dict[K, int], key: K) -> None:
    counts[key] = counts.get(key, 0) + 1
