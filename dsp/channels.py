"""Names the channels of a recording: the caller may be on one, and the guidance on the other."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias


class Take(StrEnum):
    """What to take of several channels if none is named."""

    BEST = "best"
    MIX = "mix"
    EACH = "each"


Channel: TypeAlias = Take | int
"""What to take, or a channel's index."""

CHANNEL_HELP: Final = (
    "Which channel: left, right, their mix, or a number from 1 on; best: the mix if they are alike, else the one"
    " with most keys."
)
_SIDES: Final = ("left", "right")


def channel_of(text: str) -> Channel:
    """Read a channel: best, mix, each, left, right, or a number from 1 on.

    Raises:
        ValueError: the text is none of them.
    """
    word = text.strip().lower()
    if word in _SIDES:
        return _SIDES.index(word)
    if word.isascii() and word.isdigit() and int(word[:9]) > 0:
        return int(word[:9]) - 1
    try:
        return Take(word)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a channel: give left, right, mix, each, best or a number from 1 on"
        ) from None


def channel_name(index: int, channels: int) -> str:
    """Return a channel's name; "" if the recording has only one."""
    if channels == 1:
        return ""
    return _SIDES[index] if channels == 2 else f"channel {index + 1}"
