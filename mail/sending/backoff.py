"""How long to wait before something is tried again: longer each time, and never all at the same moment."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

_FIRST_S: Final = 5.0
_LONGEST_S: Final = 900.0
_PART_OF_ITS_LIFE: Final = 10
_AWAY_FIRST_S: Final = 0.5
_AWAY_LONGEST_S: Final = 5.0
"""A server that is away is looked for often: a code is good for 300 s only, and looking costs one connection."""


def letter_delay(tries: int, lives_s: float) -> timedelta:
    """Return when a letter is tried again that a server put off.

    Args:
        tries: how often it was tried.
        lives_s: for how many seconds a letter of its kind is of use: one that is good for 300 s waits 30 s at most.
    """
    longest = min(_LONGEST_S, lives_s / _PART_OF_ITS_LIFE)
    return timedelta(seconds=_spread(min(_FIRST_S * 2.0 ** min(tries - 1, 16), longest)))


def away_delay_s(times: int) -> float:
    """Return after how many seconds a server that is away is tried again.

    Args:
        times: how often it was found away, at least 1.
    """
    return _spread(min(_AWAY_FIRST_S * 2.0 ** min(times - 1, 16), _AWAY_LONGEST_S))


def _spread(seconds: float) -> float:
    """Return something between three quarters of a time and all of it."""
    return seconds * random.uniform(0.75, 1.0)  # noqa: S311 - no secret
