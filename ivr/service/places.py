"""The places for calls: how many there may be at once on this host, and how many of one number (docs/rules.md 4.3)."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from ivr.service.watching.turned_away import TurnedAway


class CallPlaces(Protocol):
    """Gives calls their places."""

    async def take(self, number: str) -> TurnedAway | None:
        """Take a place for a call from this number ("" for none); returns why there is none, or None."""

    def give_back(self, number: str) -> None:
        """Give back the place of a call that has ended."""


class Places:
    """Counts the places that calls have taken, by the worker that has the call and by the caller's number.

    Args:
        calls: how many places there are.
        of_a_number: how many one number may have; callers without a number count as one number.
    """

    def __init__(self, calls: int, of_a_number: int) -> None:
        self.calls = calls
        self.of_a_number = of_a_number
        self._taken: Counter[tuple[int, str]] = Counter()
        self._of_numbers: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._of_numbers.total()

    def take(self, worker: int, number: str) -> TurnedAway | None:
        """Take a place; returns why there is none, or None."""
        if self.taken >= self.calls:
            return TurnedAway.TOO_MANY_CALLS
        if self._of_numbers[number] >= self.of_a_number:
            return TurnedAway.TOO_MANY_OF_A_NUMBER
        self._count(worker, number, 1)
        return None

    def give_back(self, worker: int, number: str) -> None:
        """Give back the place of a call that has ended."""
        if self._taken[worker, number]:
            self._count(worker, number, -1)

    def give_all_back(self, worker: int) -> None:
        """Give back the places of a worker that has ended."""
        for holder, number in [held for held in self._taken if held[0] == worker]:
            self._count(holder, number, -self._taken[holder, number])

    def _count(self, worker: int, number: str, change: int) -> None:
        self._taken[worker, number] += change
        self._of_numbers[number] += change
        if not self._taken[worker, number]:
            del self._taken[worker, number]
        if not self._of_numbers[number]:
            del self._of_numbers[number]
