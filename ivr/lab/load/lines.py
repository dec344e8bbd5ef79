"""The lines of a load: each caller has one of their own, so that what was stored for one cannot be another's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST_LINES: Final = 1_000_000
"""How many lines there are numbers for."""
SHORTEST_CALL_S: Final = 15.0
"""Shorter than calls are on average, so that there are more lines than calls."""


@dataclass(frozen=True, slots=True)
class LoadLine:
    """A line with one additional number.

    Attributes:
        contract: the contract number.
        additional: the additional number.
    """

    contract: str
    additional: str

    @classmethod
    def numbered(cls, place: int) -> LoadLine:
        """The line with this place among all lines, from 0."""
        return cls(f"0450{place:06d}", f"0460{place:06d}")


def lines_for(calls: int, minutes: float) -> int:
    """How many lines a load takes, if each call has a line that no earlier call had.

    Args:
        calls: how many callers there are at once.
        minutes: for how long.
    """
    return min(MOST_LINES, round(calls * (2 + 60 * minutes / SHORTEST_CALL_S)))


def lines_file(lines: Iterable[LoadLine]) -> str:
    """Write the file from which lines are imported."""
    return "contract_number,number\n" + "".join(f"{line.contract},{line.additional}\n" for line in lines)


class FreeLines:
    """The lines that no call uses now. One that was used is used again only when all others were, too.

    Args:
        lines: all lines.
    """

    def __init__(self, lines: Iterable[LoadLine]) -> None:
        self._free = deque(lines)

    def take(self) -> LoadLine:
        """Take a line for a call.

        Raises:
            IndexError: all of them are in use.
        """
        return self._free.popleft()

    def give_back(self, line: LoadLine) -> None:
        """Give the line of a call back that has ended."""
        self._free.append(line)
