"""One page of a line's numbers, with the states of their credentials (docs/rules.md 3.14)."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from console.database import Backend
from credentials.model import Line, Unit
from credentials.site.states import NumberState

NUMBERS_AT_ONCE: Final = 50
"""How many numbers a page shows; a line may have 20,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A line and some of its numbers.

    Attributes:
        contract_number, language, unit, locked: as `Line` has them.
        reported_since: since when a subscriber's report locks the logins of the line; None if none does.
        numbers: the states of the page's numbers, in their order.
        sought: the number that the line was found by.
        page, pages: which page this is, from 1 on, and how many there are.
        before, of: how many numbers come before this page's, and how many the line has.
    """

    contract_number: str
    language: str
    unit: Unit | None
    locked: bool
    reported_since: datetime | None
    numbers: tuple[NumberState, ...]
    sought: str
    page: int
    pages: int
    before: int
    of: int

    def without_addresses(self) -> LineView:
        """Return it with the mail addresses masked. (Numbers are masked as everywhere, by `console.masking`.)"""
        return replace(self, numbers=tuple(number.masked() for number in self.numbers))


def view_line(backend: Backend, line: Line, *, sought: str, page: str) -> LineView:
    """Return a page of a line.

    Args:
        backend: reads the states.
        line: the line.
        sought: a number of the line.
        page: the page's number as it stands in an address; if it is none, the page that has the number sought.
    """
    numbers = sorted(line.numbers)
    pages = -(-len(numbers) // NUMBERS_AT_ONCE)
    asked = int(page) if page.isdecimal() else bisect_left(numbers, sought) // NUMBERS_AT_ONCE + 1
    shown = min(max(asked, 1), pages)
    before = (shown - 1) * NUMBERS_AT_ONCE
    state = backend.credentials_of(line, after=numbers[before - 1] if before else "", size=NUMBERS_AT_ONCE)
    return LineView(
        contract_number=line.contract_number,
        language=line.language,
        unit=line.unit,
        locked=line.locked,
        reported_since=state.reported_since,
        numbers=state.numbers,
        sought=sought,
        page=shown,
        pages=pages,
        before=before,
        of=len(numbers),
    )
