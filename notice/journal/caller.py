"""Reads who calls from what an exchange noted of it.

Privacy withholds the number (RFC 3323, RFC 3325), and so does a From header that names nobody. Japanese networks say in
From's display name why there is no number (TTC JJ-90.24). No other display name is believed or kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number


class Reason(StrEnum):
    """Why a call has no caller number."""

    WITHHELD = "withheld"
    """The caller wishes so."""
    PAYPHONE = "payphone"
    SERVICE_CONFLICT = "service_conflict"
    """Another service keeps the network from presenting it."""
    UNAVAILABLE = "unavailable"
    """The network does not have it, as with some calls from abroad."""


_REASONS: Final[Mapping[str, Reason]] = {
    "anonymous": Reason.WITHHELD,
    "coin line/payphone": Reason.PAYPHONE,
    "interaction with other service": Reason.SERVICE_CONFLICT,
    "unavailable": Reason.UNAVAILABLE,
    "unknown": Reason.UNAVAILABLE,
}
_ANONYMOUS: Final = "anonymous"
_PRIVATE: Final = re.compile(r"(?<![a-z])(?:id|user)(?![a-z])")
_QUOTED: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)')
_NOBODY: Final = re.compile(r"\s*+<?\s*+sips?:(?:anonymous@|[^@>]*@anonymous\.invalid\b)", re.IGNORECASE)
_FOREIGN: Final = re.compile(r"\+?[0-9]{3,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What an exchange noted of a caller, as it stands in the journal.

    Attributes:
        number: `CALLERID(num)`.
        presentation: `CALLERID(pres)`: `allowed...`, `prohib...` or `unavailable`.
        name: `CALLERID(name)`.
        sender: the header From; "" if the call came without one.
        privacy: the headers Privacy.
    """

    number: str = ""
    presentation: str = ""
    name: str = field(default="", repr=False)
    sender: str = field(default="", repr=False)
    privacy: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        number: national digits, or those of another country, with or without `+`; "" if there is none.
        reason: why there is none; None if there is one.
    """

    number: str
    reason: Reason | None = None


def caller_of(presented: Presented) -> Caller:
    """Return who calls."""
    name, uri = _parts(presented.sender)
    named = _REASONS.get((name if presented.sender else presented.name).strip().lower())
    hidden = presented.presentation.startswith("prohib") or _PRIVATE.search(presented.privacy.lower())
    if hidden or presented.number.lower() == _ANONYMOUS or _NOBODY.match(uri):
        return Caller("", named or Reason.WITHHELD)
    number = _number(presented.number)
    if not number or not presented.presentation.startswith("allowed"):
        return Caller("", named or Reason.UNAVAILABLE)
    return Caller(number)


def _parts(sender: str) -> tuple[str, str]:
    """Return the display name of a header From and what follows it, even if the header was cut before its end."""
    if quoted := _QUOTED.match(sender):
        return re.sub(r"\\(.)", r"\1", quoted[1]), sender[quoted.end() :].removeprefix('"')
    name, bracket, uri = sender.partition("<")
    return (name, uri) if bracket else ("", sender)


def _number(text: str) -> str:
    try:
        return normalise_number(text)
    except InvalidNumber:
        return text if _FOREIGN.fullmatch(text) else ""
