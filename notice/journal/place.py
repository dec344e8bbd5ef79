"""A place in the journal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the journal.

    Attributes:
        file: the digest of the file's first line; "" for the start of the oldest file that is there.
        offset: how many bytes are before it.
    """

    file: str = ""
    offset: int = 0
