"""Who calls while pictures are taken: over SIP and RTP through the product's Asterisk, as `ivr call` does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ivr.host.settings import Settings
from ivr.lab.line_quality import LineQuality, TelephoneLine
from ivr.lab.place_call import Origin, place_call
from ivr.lab.scenarios.caller import ScriptedCaller
from ivr.lab.scenarios.model import Keying, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A caller.

    Attributes:
        number: the caller number.
        withheld: the number is withheld.
        steps: what the caller does; afterwards only listens.
        keying: how keys are pressed where a step does not say.
        line: what becomes of the audio on its way.
    """

    number: str
    withheld: bool = False
    steps: tuple[Step, ...] = ()
    keying: Keying = field(default_factory=Keying)
    line: LineQuality = field(default_factory=LineQuality)

    def sender(self) -> ScriptedCaller:
        """What the caller does, from the start of a call."""
        return ScriptedCaller(self.steps, keying=self.keying, line=TelephoneLine(self.line))


def at(*presses: tuple[float, str], keying: Keying | None = None) -> tuple[Step, ...]:
    """Steps that do not listen.

    Args:
        presses: how many seconds after the press before (the first: after the call's start) which keys are pressed.
        keying: how; None as the caller presses all keys.
    """
    return tuple(Step(keys=keys, ahead=True, wait=wait_s, keying=keying) for wait_s, keys in presses)


def spoilt(key: str, first_s: float) -> tuple[Step, ...]:
    """A key pressed three times, 3 s apart, and not heard: unequal tones, too short, off frequency.

    Args:
        key: the key.
        first_s: seconds from the press before, or the call's start, to the first.
    """
    return (
        *at((first_s, key), keying=Keying(twist_db=-12)),
        *at((3, key), keying=Keying(tone_ms=24)),
        *at((3, key), keying=Keying(offset_percent=3)),
    )


def listening(*keys: str) -> tuple[Step, ...]:
    """Steps that each wait for the end of a guidance."""
    return tuple(Step(keys=each) for each in keys)


COMPLAINT: Final = Person(
    number="0312345678",
    steps=(
        *spoilt("1", 9),
        *at((6, "2"), (8, "0312345679#")),
        *at((9, "2468"), keying=Keying(level_dbm0=-20)),
    ),
)
"""Three keys that are not heard, then a password that is too short: the call whose page is shown. It takes 100 s."""

BEFORE: Final = (
    COMPLAINT,
    Person(number="0312345679", steps=listening("3", "24681357", "24681357")),
    Person(number="0661234567", withheld=True),
)
"""Calls that have ended when the live page is shown."""

_LEAVES: Final = Step(hang_up=True, ahead=True, wait=45)

GOING_ON: Final = MappingProxyType(
    {
        0.0: Person(number="0312345679", steps=(*at((8, "1"), (18, "86420975")), _LEAVES)),
        3.0: Person(number="0661234567", steps=(*at((7, "1"), (11, "864209")), _LEAVES)),
        6.0: Person(number="0312345680", steps=(*at((6, "9"), (9, "1")), _LEAVES)),
        9.0: Person(number="0661234568", steps=(*at((6, "2"), (5, "0661234567#")), _LEAVES)),
        18.0: Person(number="09012345678", steps=(*spoilt("1", 3), _LEAVES)),
        29.0: Person(number="0312345678", steps=(_LEAVES,)),
    }
)
"""Who calls while the live page is shown, by seconds: when the last of them has called, each is at another step."""


async def place(settings: Settings, person: Person, *, after_s: float = 0.0) -> str | None:
    """Place a call and see it through.

    Args:
        settings: of the product that is called.
        person: who calls.
        after_s: seconds from now to the call.

    Returns:
        The outcome that the access number reports; None if it reported none, as where the caller hung up.
    """
    await asyncio.sleep(after_s)
    return await place_call(
        Origin.of(settings),
        caller=person.number,
        withheld=person.withheld,
        sender=person.sender(),
        heard=lambda _: None,
    )


async def place_all(settings: Settings, people: Iterable[Person]) -> list[str | None]:
    """Place calls at the same time; returns their outcomes."""
    return await asyncio.gather(*(place(settings, person) for person in people))
