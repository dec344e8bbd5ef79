"""How well calls went: how many callers got through at the first try, and where the others failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ivr.call.dialogue.events import Outcome
from ivr.records.model import Fate

_NOT_COUNTED: Final = frozenset({Fate.IN_PROGRESS.value, Outcome.REFUSED.value})
"""Calls in progress and refused callers say nothing about how well calls went."""


@dataclass(frozen=True, slots=True, kw_only=True)
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
    outcomes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    failed_at: Mapping[str, int] = field(default_factory=dict)
    keys: int = 0
    missed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            calls=self.calls + other.calls,
            admitted=self.admitted + other.admitted,
            set_=self.set_ + other.set_,
            first_try=self.first_try + other.first_try,
            outcomes=Counter(self.outcomes) + Counter(other.outcomes),
            failed_at=Counter(self.failed_at) + Counter(other.failed_at),
            keys=self.keys + other.keys,
            missed=self.missed + other.missed,
        )

    @property
    def first_try_share(self) -> float | None:
        """Calls that got through at the first try, of those that were let in; None if there were none."""
        return self.first_try / self.admitted if self.admitted else None


def tally_alike(calls: int, *, outcome: str, reason: str, step: str, all_well: bool, keys: int, missed: int) -> Tally:
    """Count calls that are alike.

    Args:
        calls: how many there are.
        outcome: how each of them ended: one of `OUTCOMES`.
        reason: why.
        step: the last step that each of them reached.
        all_well: whether each of them went without a wrong entry and without a silence.
        keys, missed: keys that were heard in all of them together; near misses.
    """
    admitted = 0 if outcome in _NOT_COUNTED else calls
    set_ = admitted if outcome == Outcome.SET else 0
    return Tally(
        calls=calls,
        admitted=admitted,
        set_=set_,
        first_try=set_ if all_well else 0,
        outcomes={(outcome, reason): calls},
        failed_at={step: admitted - set_} if admitted > set_ else {},
        keys=keys,
        missed=missed,
    )


@dataclass(frozen=True, slots=True)
class Report:
    """The tally of each trunk, by its name."""

    by_trunk: Mapping[str, Tally]

    @classmethod
    def of(cls, tallies: Iterable[tuple[str, Tally]]) -> Report:
        """Add up tallies, each of which has the name of its trunk."""
        by_trunk: dict[str, Tally] = {}
        for trunk, tally in tallies:
            by_trunk[trunk] = by_trunk.get(trunk, Tally()) + tally
        return cls(dict(sorted(by_trunk.items())))

    @property
    def total(self) -> Tally:
        """The tally of all trunks."""
        return sum(self.by_trunk.values(), Tally())
