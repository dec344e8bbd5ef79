"""Breaks text into lines where a reader expects it, never within an id, a number or its unit.

Rich breaks at any blank, and within a word if it must. So `-12.0 dBm0` would come apart, and a Japanese sentence could
leave its full stop alone on the next line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.text import Text

_NO_START: Final = "、。，．・：；？！）」』】〕〉》ー…～々"
"""Characters that may not start a line of Japanese."""
_NO_END: Final = "（「『【〔〈《"
"""Characters that may not end a line of Japanese."""
_UNIT: Final = re.compile(r"(?:ms|dBm0|dB|%|s|Hz)(?![A-Za-z0-9])")
_WORD: Final = re.compile(r" *[^ ]+")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of text that is not broken.

    Attributes:
        start, end: its place in the text.
        follows: whether it belongs to the piece before it, as a unit does to its number. The two are broken apart only
            if they do not fit on one line.
    """

    start: int
    end: int
    follows: bool


def wrap(text: Text, width: int) -> list[Text]:
    """Break a text into lines.

    A line breaks at a line feed; otherwise where two or more blanks separate things, such as a key's figures; otherwise
    between words. Japanese breaks between its characters.

    Args:
        text: the text to break; its style stays.
        width: columns of a line. A word that is wider than this gets a longer line of its own.

    Returns:
        The lines, at least one.
    """
    return [line for paragraph in text.split("\n", allow_blank=True) for line in _lines(paragraph, width)]


def longest_word(text: Text) -> int:
    """How many columns the widest piece takes that may not be broken."""
    plain = text.plain
    return max((cell_len(plain[piece.start : piece.end]) for piece in _pieces(plain)), default=0)


def _lines(text: Text, width: int) -> Iterator[Text]:
    plain = text.plain
    start = end = 0
    for group in _groups(list(_pieces(plain))):
        first, last = group[0], group[-1]
        if cell_len(plain[start : last.end]) <= width:
            end = last.end
            continue
        parts = [(first.start, last.end)]
        if cell_len(plain[first.start : last.end]) > width:
            parts = [(piece.start, piece.end) for piece in group]
        for part_start, part_end in parts:
            if end > start and cell_len(plain[start:part_end]) > width:
                yield text[start:end]
                start = part_start
            end = part_end
    yield text[start:end]


def _groups(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Group the pieces that are broken apart only if they do not fit on a line together."""
    group: list[_Piece] = []
    for piece in pieces:
        if group and not piece.follows:
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _pieces(plain: str) -> Iterator[_Piece]:
    for word in _words(plain):
        text = word.group().lstrip(" ")
        blanks = word.end() - word.start() - len(text)
        start = word.end() - len(text)
        for piece_start, piece_end in _within(text):
            yield _Piece(start + piece_start, start + piece_end, follows=piece_start > 0 or blanks < 2)


def _words(plain: str) -> Iterator[re.Match[str]]:
    """Find the words; a number with its unit is one word."""
    joined = re.sub(
        r"(?<=[0-9]) (?=\S)", lambda blank: "\0" if _UNIT.match(blank.string, blank.end()) else blank.group(), plain
    )
    return _WORD.finditer(joined)


def _within(word: str) -> Iterator[tuple[int, int]]:
    """Find the places of the unbreakable parts of a word: the whole word, or single characters of Japanese."""
    start = 0
    for place in range(1, len(word)):
        before, after = word[place - 1], word[place]
        wide = cell_len(before) > 1 or cell_len(after) > 1
        if wide and after not in _NO_START and before not in _NO_END:
            yield start, place
            start = place
    if word:
        yield start, len(word)
