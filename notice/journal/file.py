"""Follows the journal's file over rotation and truncation.

A file is known by the digest of its first line: that holds the moment and the id of a call, so no two files have the
same, while numbers of inodes are used again and names change. So what was read stays known wherever rotation puts it,
whether it renames the file or copies and empties it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from notice.journal.lines import LONGEST_LINE
from notice.journal.place import Place

CHUNK: Final = 256 * 1024
_DIGEST: Final = 32
_SETTLED_S: Final = 1.0
"""A file that was renamed is read to its end so long after the last write: a writer may have opened it before."""
_PACKED: Final = frozenset({".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A line of the journal, and where it stands.

    Attributes:
        raw: its bytes, without the line feed.
        place: where it starts.
        after: where the next one starts.
        whole: whether a line feed ended it; otherwise it was cut, or is longer than a line can be.
    """

    raw: bytes
    place: Place
    after: Place
    whole: bool = True


class JournalGone(Exception):  # noqa: N818 - reads as what it says
    """The file that was read last is not there any more: lines may be lost. `place` is where reading can go on.

    Attributes:
        place: the start of the oldest file.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(
            "the journal's file that was read last is gone: lines may be lost if it was not read to its end"
        )
        self.place = place


def read_on(path: Path, place: Place) -> Iterator[Piece]:
    """Yield the lines from a place on, up to the end of what is written now or a quarter of a megabyte.

    The last line of a file counts once it has its line feed, or once a later file has begun.

    Args:
        path: the journal; rotated files are beside it, with names that start with its name and a dot or hyphen.
        place: where to start.

    Raises:
        JournalGone: the file of the place is not there.
        OSError: a file cannot be read.
    """
    files = _files(path)
    if not files:
        return
    at = _index(files, place)
    is_complete = at + 1 < len(files) and _is_settled(files[at].path)
    offset = place.offset if place.file else 0
    if is_complete and offset >= _size(files[at].path):
        at, offset = at + 1, 0
        is_complete = at + 1 < len(files) and _is_settled(files[at].path)
    yield from _lines(files[at], offset, is_complete=is_complete)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    digest: str


def _files(path: Path) -> list[_File]:
    """Return the journal's files that have a line, the oldest first: the one that is written to is the last."""
    names = (other for other in path.parent.glob(f"{path.name}[.-]*") if other.suffix not in _PACKED)
    dated = sorted((other.stat().st_mtime_ns, other) for other in names)
    found = [_File(other, _digest(other)) for other in [*(each for _, each in dated), path] if other.is_file()]
    return [file for file in found if file.digest]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return _digest_of(file)


def _digest_of(file: BinaryIO) -> str:
    first = file.readline(LONGEST_LINE)
    return hashlib.sha256(first).hexdigest()[:_DIGEST] if first.endswith(b"\n") or len(first) == LONGEST_LINE else ""


def _index(files: list[_File], place: Place) -> int:
    if not place.file:
        return 0
    for number, file in enumerate(files):
        if file.digest == place.file and _size(file.path) >= place.offset:
            return number
    raise JournalGone(Place(files[0].digest, 0))


def _size(path: Path) -> int:
    return path.stat().st_size


def _is_settled(path: Path) -> bool:
    return time.time() - path.stat().st_mtime >= _SETTLED_S


def _lines(file: _File, offset: int, *, is_complete: bool) -> Iterator[Piece]:
    with file.path.open("rb") as opened:
        if _digest_of(opened) != file.digest:
            return  # it was rotated just now: the next look finds it
        opened.seek(offset)
        chunk = opened.read(CHUNK)
    lines = chunk.split(b"\n")
    rest = lines.pop()
    for raw in lines:
        after = offset + len(raw) + 1
        yield Piece(raw, Place(file.digest, offset), Place(file.digest, after))
        offset = after
    cut = bool(rest) and is_complete and len(chunk) < CHUNK
    endless = not lines and len(chunk) == CHUNK
    if cut or endless:
        after = offset + len(rest)
        yield Piece(rest, Place(file.digest, offset), Place(file.digest, after), whole=False)
