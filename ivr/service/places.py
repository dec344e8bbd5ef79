"""The places for calls: how many calls one caller number may have at once (docs/rules.md 4.3)."""

from __future__ import annotations

from collections import Counter


class Places:
    """Counts the places that each number has taken.

    Args:
        of_a_number: how many places one number may have; callers without a number count as one number.
    """

    def __init__(self, of_a_number: int) -> None:
        self._of_a_number = of_a_number
        self._taken: Counter[str] = Counter()

    def take(self, number: str) -> bool:
        """Take a place for a call from this number ("" for none), to be given back; returns whether it may."""
        self._taken[number] += 1
        return self._taken[number] <= self._of_a_number

    def give_back(self, number: str) -> None:
        """Give back the place of a call that has ended."""
        self._taken[number] -= 1
        if not self._taken[number]:
            del self._taken[number]
