"""The caller is the number that the network asserts, or nobody."""

from __future__ import annotations

import pytest

from ivr.caller import Caller, caller_from_network
from ivr.dialogue.events import RefusalReason

WITHHELD = Caller(None, RefusalReason.WITHHELD)
UNKNOWN = Caller(None, RefusalReason.UNKNOWN)


@pytest.mark.parametrize(
    ("number", "presentation", "expected"),
    [
        ("0312345678", "allowed_not_screened", Caller("0312345678")),
        ("+81312345678", "allowed_passed_screen", Caller("0312345678")),
        ("0312345678", "prohib_not_screened", WITHHELD),
        ("0312345678", "prohib", WITHHELD),
        (None, "prohib", WITHHELD),
        (None, "unavailable", UNKNOWN),
        ("0312345678", "unavailable", UNKNOWN),
        ("", "allowed", UNKNOWN),
        ("anonymous", "allowed", UNKNOWN),
        ("0312345678", None, UNKNOWN),
        ("+15551234567", "allowed", UNKNOWN),
    ],
)
def test_a_number_counts_only_where_the_network_presents_it(
    number: str | None, presentation: str | None, expected: Caller
) -> None:
    assert caller_from_network(number, presentation) == expected
