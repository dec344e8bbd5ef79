"""What a caller of a load means to do, drawn by chance, the same each time for the same seed.

Callers are of three kinds: some listen to all guidance, most press a key while it plays, some know the way and type
ahead. A few make a wrong entry first, a few hang up at any moment. Some telephones send keys as events (RFC 4733), some
lines lose packets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

import numpy as np

from credentials.model import Unit
from ivr.lab.load.lines import LoadLine

WRONG_SHARE: Final = 0.05
HANG_UP_SHARE: Final = 0.05
EVENTS_SHARE: Final = 0.25
LOSSY_SHARE: Final = 0.10
LOSS: Final = 0.02
"""The share of packets that a line loses that loses some."""
_UNIT_KEYS: Final = {Unit.LINE: "1", Unit.NUMBER: "2", Unit.ADMIN_USER: "3"}
_DIGITS: Final = tuple("0123456789")
_PASSWORD_DIGITS: Final = 8
_HANG_UP_WITHIN_S: Final = 30.0
"""Few calls are over sooner."""
_AFTER_A_WRONG_ENTRY_S: Final = 1.2
"""Keys that come sooner after a wrong entry are dropped (docs/rules.md 2.10), for they may have been typed ahead."""


class When(Enum):
    """When a caller starts an entry. The time to wait is counted from that moment."""

    GUIDANCE_HEARD = auto()
    """The guidance after the last entry is over."""
    GUIDANCE_STARTS = auto()
    """The guidance after the last entry starts; the entry stops it."""
    AHEAD = auto()
    """The last entry is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Keys that a caller presses one after the other.

    Attributes:
        keys: the keys.
        when: what the caller waits for.
        wait_s: how long the caller waits after that.
    """

    keys: str = field(repr=False)
    when: When
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a telephone sends keys.

    Attributes:
        by_events: as RFC 4733 events in place of tones.
        tone_s, pause_s: how long keys last, and the silence after each.
        level_dbm0: the mean of both tones' levels.
        twist_db: the level of the high tone minus that of the low one.
        lead_s: where in its packet an entry's first tone starts.
    """

    by_events: bool
    tone_s: float
    pause_s: float
    level_dbm0: float
    twist_db: float
    lead_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a caller means to do in a call.

    Attributes:
        number: which call of the load it is, from 0.
        caller: the caller number.
        unit: the unit that the caller chooses.
        target: the number whose password the caller sets.
        password: the password.
        entries: what the caller presses, wrong entries too.
        wrong_entries: how many of them are wrong.
        style: how the telephone sends keys.
        loses: the share of packets that the line loses.
        hang_up_s: how long after the answer the caller hangs up in any case; None if the exchange is to hang up.
    """

    number: int
    caller: str
    unit: Unit
    target: str
    password: str = field(repr=False)
    entries: tuple[Entry, ...]
    wrong_entries: int
    style: Style
    loses: float
    hang_up_s: float | None

    @property
    def is_clean(self) -> bool:
        """Whether the line loses nothing."""
        return self.loses == 0.0


def draw(seed: int, number: int, line: LoadLine) -> Plan:
    """Draw what a caller means to do.

    Args:
        seed: the load's seed.
        number: which call of the load it is.
        line: the caller's line.
    """
    chance = np.random.default_rng((seed, number))
    caller = line.contract if chance.random() < 0.5 else line.additional
    unit = list(_UNIT_KEYS)[chance.integers(len(_UNIT_KEYS))]
    asked = unit is Unit.NUMBER or (unit is Unit.ADMIN_USER and caller == line.contract)
    target = caller
    if unit is Unit.LINE:
        target = line.contract
    elif asked:
        target = line.contract if chance.random() < 0.5 else line.additional
    password = _digits(chance, _PASSWORD_DIGITS)
    right = [_UNIT_KEYS[unit], *([f"{target}#"] if asked else []), password, password]
    wrong = {}
    if chance.random() < WRONG_SHARE:
        place = int(chance.integers(len(right)))
        wrong[place] = _mistake(chance, right[place], line)
    return Plan(
        number=number,
        caller=caller,
        unit=unit,
        target=target,
        password=password,
        entries=_entries(chance, right, wrong),
        wrong_entries=len(wrong),
        style=_style(chance),
        loses=LOSS if chance.random() < LOSSY_SHARE else 0.0,
        hang_up_s=float(chance.uniform(0.2, _HANG_UP_WITHIN_S)) if chance.random() < HANG_UP_SHARE else None,
    )


def _digits(chance: np.random.Generator, length: int) -> str:
    return "".join(chance.choice(_DIGITS, length))


def _mistake(chance: np.random.Generator, right: str, line: LoadLine) -> str:
    """Make a wrong entry: a key that chooses no unit, a number of no line, or too few digits.

    Too few digits are also wrong as a repeated password. A wrong entry is never one that is right at another step.
    """
    if len(right) == 1:
        return str(chance.choice(tuple("4567890")))
    if right.endswith("#"):
        others = [digit for digit in _DIGITS if f"{right[:-2]}{digit}" not in (line.contract, line.additional)]
        return f"{right[:-2]}{chance.choice(others)}#"
    return f"{right[: int(chance.integers(3, _PASSWORD_DIGITS - 1))]}#"


def _entries(chance: np.random.Generator, right: list[str], wrong: dict[int, str]) -> tuple[Entry, ...]:
    """Decide when each entry is pressed. Nothing is typed ahead of the first guidance, nor after a wrong entry."""
    manner = (When.GUIDANCE_HEARD, When.GUIDANCE_STARTS, When.AHEAD)[chance.choice(3, p=(0.25, 0.5, 0.25))]
    entries: list[Entry] = []
    for place, keys in enumerate(right):
        if place in wrong:
            wait_s = float(chance.uniform(0.8, 3.0))
            entries.append(Entry(keys=wrong[place], when=When.GUIDANCE_STARTS, wait_s=wait_s))
            wait_s = float(chance.uniform(_AFTER_A_WRONG_ENTRY_S, 3.0))
            entries.append(Entry(keys=keys, when=When.GUIDANCE_STARTS, wait_s=wait_s))
        elif manner is When.AHEAD and entries:
            entries.append(Entry(keys=keys, when=manner, wait_s=float(chance.uniform(0.3, 0.8))))
        elif manner is When.GUIDANCE_HEARD:
            entries.append(Entry(keys=keys, when=manner, wait_s=float(chance.uniform(0.1, 1.5))))
        else:
            entries.append(Entry(keys=keys, when=When.GUIDANCE_STARTS, wait_s=float(chance.uniform(0.5, 3.0))))
    return tuple(entries)


def _style(chance: np.random.Generator) -> Style:
    """Draw how keys are sent: such keys must all be heard."""
    return Style(
        by_events=bool(chance.random() < EVENTS_SHARE),
        tone_s=float(chance.uniform(0.07, 0.15)),
        pause_s=float(chance.uniform(0.07, 0.2)),
        level_dbm0=float(chance.uniform(-16, -6)),
        twist_db=float(chance.uniform(-3, 2)),
        lead_s=float(chance.uniform(0.0, 0.019)),
    )
