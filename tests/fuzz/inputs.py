"""Makes what a parser takes of a fuzzer's octets: pieces as a network cuts them, texts, and texts of great length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_WHOLE: Final = 0xF0
"""A first octet below this leaves a text as it is."""


def split_head(data: bytes, count: int) -> tuple[bytes, bytes]:
    """Return so many octets, filled up with zeros, and the rest."""
    return data[:count].ljust(count, b"\0"), data[count:]


def in_pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Cut octets into pieces of the lengths that `cuts` gives in turn; 0 stands for all that is left."""
    pieces, at, turn = [], 0, 0
    while at < len(data):
        length = cuts[turn % len(cuts)] if cuts else 0
        end = at + length if length else len(data)
        pieces.append(data[at:end])
        at, turn = end, turn + 1
    return pieces


def stretched(data: bytes, most: int) -> bytes:
    """Return what follows the first octet; if that is 0xF0 or more, with a part of it repeated up to a length.

    A fuzzer alone hardly makes inputs of the length at which a search that backtracks becomes slow.

    Args:
        data: the input. Of a first octet from 0xF0 on, the last bits say how long the repeated part is; it starts where
            the second octet says.
        most: how long the result is at most.
    """
    head, rest = split_head(data, 1)
    if head[0] < _WHOLE:
        return rest[:most]
    place, rest = split_head(rest, 1)
    start = place[0] % (len(rest) + 1)
    part = rest[start : start + 1 + head[0] % 16]
    times = max(most - len(rest), 0) // max(len(part), 1)
    return (rest[:start] + part * times + rest[start:])[:most]


def text_of(data: bytes) -> str:
    """Return octets as a text; what is not UTF-8 becomes lone surrogates, as in a text that was decoded carelessly."""
    return data.decode("utf-8", "surrogateescape")


def fields_of(text: str, count: int) -> list[str]:
    """Cut a text into so many fields at its line feeds; the last has the rest, and missing ones are empty."""
    fields = text.split("\n", count - 1)
    return fields + [""] * (count - len(fields))
