"""Who calls: what the network says of the caller number."""

from __future__ import annotations

from dataclasses import dataclass

from credentials import InvalidNumber, normalise_number
from ivr.dialogue.events import RefusalReason


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller, as the network presents them.

    Attributes:
        number: the caller number in national digits; None if there is none to go by.
        refusal: why there is none; None if there is one.
    """

    number: str | None
    refusal: RefusalReason | None = None


def caller_from_network(number: str | None, presentation: str | None) -> Caller:
    """Read the caller identity of an Asterisk channel.

    Args:
        number: `CALLERID(num)`.
        presentation: `CALLERID(pres)`: `allowed...`, `prohib...` or `unavailable` (a caller who withholds the number
            may still have it in `number`: it must not be used then).
    """
    presentation = presentation or ""
    if presentation.startswith("prohib"):
        return Caller(None, RefusalReason.WITHHELD)
    if not number or not presentation.startswith("allowed"):
        return Caller(None, RefusalReason.UNKNOWN)
    try:
        return Caller(normalise_number(number))
    except InvalidNumber:
        return Caller(None, RefusalReason.UNKNOWN)
