"""Writes counts and lists in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_SHOWN: Final = 10


def counted(count: int, noun: str, nouns: str | None = None) -> str:
    """Write a count of something: `1 line`, `2 lines`.

    Args:
        count: how many.
        noun: the word for one.
        nouns: the word for several; by default the noun with an s.
    """
    return f"{count} {noun}" if count == 1 else f"{count} {nouns or noun + 's'}"


def listed(items: Sequence[object]) -> str:
    """Name the first of many things, and how many more there are."""
    more = [f"and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    return ", ".join([*map(str, items[:_SHOWN]), *more])
