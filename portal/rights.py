"""What a login may see and do. This is the one place that decides it; the store checks each change once more.

A login acts for one number of one line. It never sees a number of another line, and a number that it may not see is
treated exactly like one that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from credentials.model import Line, Unit
from credentials.rules import UNIT_RULES, numbers_to_prove
from credentials.site.session import Session

MOST_BY_HAND: Final = 32
"""A line with more numbers than this is managed by search and by CSV."""


class NotYours(Exception):  # noqa: N818 - reads as what it says
    """A page was asked for that this login may not see, or that does not exist."""


@dataclass(frozen=True)
class Rights:
    """The rights of a login.

    Attributes:
        number: the number that logged in.
        line: its line.
    """

    number: str
    line: Line

    @classmethod
    def of(cls, session: Session, line: Line) -> Rights:
        """Return the rights of a session.

        Raises:
            NotYours: the number has left that line since.
        """
        if session.number not in line.numbers:
            raise NotYours
        return cls(session.number, line)

    @property
    def is_contract_number(self) -> bool:
        """Whether the contract number is logged in."""
        return self.number == self.line.contract_number

    @property
    def is_many(self) -> bool:
        """Whether the line has so many numbers that they are searched, and set by CSV."""
        return len(self.line.numbers) > MOST_BY_HAND

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The numbers that this login sees, the contract number first."""
        return tuple(sorted(self._seen, key=lambda number: (number != self.line.contract_number, number)))

    @property
    def has_list(self) -> bool:
        """Whether there is a list of numbers to choose from."""
        return len(self._seen) > 1

    @property
    def may_set_many(self) -> bool:
        """Whether this login sets one-time passwords of many numbers by CSV."""
        return self.has_list and self.is_many

    def require(self, text: str) -> str:
        """Return a number that this login may see, in its stored form.

        Raises:
            NotYours: it may not, or the text is no number.
        """
        try:
            number = normalise_number(text)
        except InvalidNumber:
            raise NotYours from None
        if number not in self._seen:
            raise NotYours
        return number

    def may_change_password_of(self, number: str) -> bool:
        """Return whether this login may change the password of a number."""
        return number == self.number or (self._administers_users and number in self.line.numbers)

    def may_set_one_time_of(self, number: str) -> bool:
        """Return whether this login may set the one-time password of a number."""
        return self.may_change_password_of(number)

    def require_one_time_of(self, number: str) -> None:
        """Check that this login may set the one-time password of a number.

        Raises:
            NotYours: it may not.
        """
        if not self.may_set_one_time_of(number):
            raise NotYours

    def require_notices_of(self, number: str) -> None:
        """Check that this login may see and set the call notices of a number.

        Raises:
            NotYours: it may not.
        """
        if not self.may_set_notices_of(number):
            raise NotYours

    def may_set_notices_of(self, number: str) -> bool:
        """Return whether this login may see and set the call notices of a number (docs/rules.md 7.1)."""
        return number == self.number or (self._manages_line and number in self.line.numbers)

    @property
    def unit_changes(self) -> tuple[Unit, ...]:
        """The units that this login may change the line to."""
        return tuple(unit for unit in Unit if self.proofs_for(unit))

    def proofs_for(self, to: Unit) -> tuple[str, ...]:
        """Return the numbers whose passwords a change of the unit needs; none if this login may not make it."""
        rule = None if self.line.unit is None else UNIT_RULES.get((self.line.unit, to))
        needed = None if rule is None else numbers_to_prove(rule, self.line, self.number)
        return tuple(sorted(needed or (), key=lambda number: (number != self.number, number)))

    @property
    def _manages_line(self) -> bool:
        return self.line.unit in (Unit.LINE, Unit.ADMIN_USER) and self.is_contract_number

    @property
    def _administers_users(self) -> bool:
        return self.line.unit is Unit.ADMIN_USER and self.is_contract_number

    @cached_property
    def _seen(self) -> frozenset[str]:
        shares = {Unit.LINE: True, Unit.ADMIN_USER: True, Unit.NUMBER: self.is_many, None: False}
        return self.line.numbers if self.is_contract_number and shares[self.line.unit] else frozenset({self.number})
