"""Subscribers whose lines are in the store of a live test, and their calls."""

from __future__ import annotations

from tests.live.callers.media import BRISK, KeyPath, Press, duration_s
from tests.live.callers.phone import Caller, CallResult
from tests.live.house import House

CONTRACT = "0312345678"
ADDITIONAL = "0312345679"
OTHER_CONTRACT = "0661234567"
OTHER_ADDITIONAL = "0661234568"


def from_trunk(number: str) -> Caller:
    return Caller(number="0000000000", asserted=f"sip:{number}@carrier.example")


def typed(*groups: str, pause_s: float = 0.5) -> list[Press]:
    """Groups of keys with a pause before each, the first a second after the answer."""
    return [Press(keys=groups[0], after_s=1.0), *(Press(keys=group, after_s=pause_s) for group in groups[1:])]


def call(
    house: House, number: str, presses: list[Press], *, keys: KeyPath = KeyPath.IN_BAND, stay_s: float = 2.5
) -> CallResult:
    """A call of someone who does not wait for the end of the last guidance."""
    hang_up_after_s = duration_s(presses, BRISK) + stay_s
    return house.trunk.call(from_trunk(number), presses, keys=keys, hang_up_after_s=hang_up_after_s)
