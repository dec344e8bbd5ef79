"""Searching the numbers of a line, and writing a number as its owner does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from credentials.lines.number_groups import digits_of

ON_A_PAGE: Final = 20
_SEPARATORS: Final = re.compile(r"[-\s().\u2010-\u2015\u2212\u30fc]")
_PATTERN: Final = re.compile(r"[0-9*]{0,24}")


@dataclass(frozen=True)
class Found:
    """One page of the numbers that match.

    Attributes:
        numbers: the numbers on this page.
        page: which page it is, from 1 on.
        pages: how many there are, at least one.
        total: how many numbers match.
    """

    numbers: Sequence[str]
    page: int
    pages: int
    total: int


def written(number: str) -> str:
    """Return a number with its hyphens: `03-1234-5678`."""
    return "-".join(digits_of(number)) if number else ""


def search(numbers: Sequence[str], asked: str, page: str) -> Found | None:
    """Return the numbers that contain a part, in which `*` stands for any digits; None if it is not a part of a number.

    Args:
        numbers: the numbers to search.
        asked: what was typed; hyphens, spaces and full-width characters are folded.
        page: the page that was asked for; any text.
    """
    part = _SEPARATORS.sub("", unicodedata.normalize("NFKC", asked))
    if not _PATTERN.fullmatch(part):
        return None
    # Not a regular expression of the visitor's: many asterisks would take for ever to fail.
    pieces = [piece for piece in part.split("*") if piece]
    found = [number for number in numbers if _has_in_order(number, pieces)]
    pages = max(1, -(-len(found) // ON_A_PAGE))
    wanted = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    place = min(max(wanted, 1), pages)
    return Found(found[(place - 1) * ON_A_PAGE : place * ON_A_PAGE], place, pages, len(found))


def _has_in_order(number: str, pieces: Sequence[str]) -> bool:
    place = 0
    for piece in pieces:
        found = number.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return True
