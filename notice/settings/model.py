"""The settings of a number, as its subscriber sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from mail.addresses import Rule

MOST_ADDRESSES: Final = 5
MOST_LISTED: Final = 30
LONGEST_NAME: Final = 40
REFUSALS_UNTIL_PAUSE: Final = 3
"""After so many mails in a row that its server refused, an address gets no more."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """An address of a number. Its repr does not show it.

    Attributes:
        address: the address.
        ticked: whether notices go to it.
        paused_at: since when it gets none because too many in a row were refused; None if it is not paused.
    """

    address: str = field(repr=False)
    ticked: bool = True
    paused_at: datetime | None = None

    @property
    def is_used(self) -> bool:
        """Whether notices go to it now."""
        return self.ticked and self.paused_at is None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A number whose calls a subscriber has chosen.

    Attributes:
        number: its digits.
        name: what the subscriber calls it; "" for nothing.
        ticked: whether it counts.
    """

    number: str
    name: str = field(default="", repr=False)
    ticked: bool = True


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a number has chosen.

    Attributes:
        started: whether it wants notices now.
        only_listed: only of calls from listed numbers.
        only_unanswered: only of calls that were not answered.
        together: several calls of one caller within a minute are one mail.
        addresses: up to 5.
        listed: up to 30.
        version: an id that is another whenever the subscriber stores settings; "" if nothing was chosen yet.
    """

    started: bool = False
    only_listed: bool = False
    only_unanswered: bool = False
    together: bool = False
    addresses: Sequence[Address] = ()
    listed: Sequence[Listed] = ()
    version: str = ""

    def name_of(self, number: str) -> str:
        """Return what the subscriber calls a number; "" for nothing."""
        return next((each.name for each in self.listed if number and each.number == number.lstrip("+")), "")

    def lists(self, number: str) -> bool:
        """Whether a number is listed, and its tick is set."""
        return any(each.ticked and number and each.number == number.lstrip("+") for each in self.listed)


def summary(chosen: Settings) -> str:
    """Say what settings are, without an address, as for the audit trail."""
    words = ["started" if chosen.started else "stopped", f"{sum(each.ticked for each in chosen.addresses)} addresses"]
    words += [f"{sum(each.ticked for each in chosen.listed)} listed"] if chosen.only_listed else []
    words += ["unanswered"] if chosen.only_unanswered else []
    words += ["together"] if chosen.together else []
    return ", ".join(words)


class Problem(StrEnum):
    """What is wrong with settings that were typed. Pages have a text for each in each language."""

    ADDRESS = "address"
    """It breaks the rules that `Fault.rules` names."""
    SAME_ADDRESS = "same_address"
    """It stands there twice."""
    TOO_MANY_ADDRESSES = "too_many_addresses"
    NO_ADDRESS = "no_address"
    """To start, there must be an address that is ticked."""
    HYPHENS = "hyphens"
    """A listed number has hyphens or blanks: only digits are taken."""
    NUMBER = "number"
    """A listed number is not a telephone number."""
    SAME_NUMBER = "same_number"
    TOO_MANY_LISTED = "too_many_listed"
    NAME = "name"
    """A name has more than 40 characters."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with settings that were typed.

    Attributes:
        problem: what.
        place: the place of the address or of the listed number, from 1 on; 0 for the whole.
        rules: the rules of an address that it breaks.
    """

    problem: Problem
    place: int = 0
    rules: tuple[Rule, ...] = ()
