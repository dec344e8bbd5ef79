"""The bytes of a recording as libsndfile wants them, which goes back and forth: of a file, or of a pipe, which cannot.

What came through a pipe is kept, and no more is taken from it than is asked for. Reads are called back from C, where an
exception would be printed and forgotten: it waits in `failure` instead.
"""

from __future__ import annotations

import os
from tempfile import SpooledTemporaryFile
from typing import IO, Final

_IN_MEMORY: Final = 1 << 23
_AT_ONCE: Final = 1 << 16
MOST_OF_A_PIPE: Final = 1 << 29
"""Bytes that are kept of a pipe whose end must be known before its start can be read (FLAC, Ogg, MP3)."""


class ByteSource:
    """A recording's bytes.

    Args:
        stream: a file, or a pipe; the source closes it.

    Attributes:
        size: bytes of a file; None of a pipe.
        failure: what went wrong in a read, which gave nothing then.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._kept: IO[bytes] | None = None
        if not stream.seekable():
            self._kept = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed with the source
        self._arrived = 0
        self._at = 0
        self._end: int | None = None
        self._patch = (0, b"")
        self.size: int | None = None if self._kept else stream.seek(0, os.SEEK_END)
        self.failure: BaseException | None = None

    def close(self) -> None:
        """Close the stream, and drop what is kept of it."""
        self._stream.close()
        if self._kept is not None:
            self._kept.close()

    def replace(self, at: int, content: bytes) -> None:
        """Give this content from now on where the stream has other bytes."""
        self._patch = (at, content)

    def end_at(self, end: int) -> None:
        """Say where a pipe ends, which then need not be read to its end to know."""
        self._end = end

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; the next read begins there."""
        if whence == os.SEEK_CUR:
            offset += self._at
        elif whence == os.SEEK_END:
            offset += self._whole()
        self._at = max(offset, 0)
        return self._at

    def read(self, count: int) -> bytes:
        """The next bytes; fewer only at the end."""
        content = bytearray(count)
        return bytes(content[: self.readinto(content)])

    def readinto(self, room: bytearray | memoryview) -> int:
        """Fill room with the next bytes; returns how many there were, 0 at the end and after a failure."""
        view = memoryview(room).cast("B")
        try:
            found = self._from(self._at, len(view))
        except BaseException as error:  # noqa: BLE001 - an interrupt, too, is raised again where C has returned
            self.failure = error
            return 0
        view[: len(found)] = found
        self._overlay(view[: len(found)])
        self._at += len(found)
        return len(found)

    def raise_failure(self) -> None:
        """Raise what went wrong in a read, if anything did."""
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    def _from(self, at: int, count: int) -> bytes:
        if self._kept is None:
            self._stream.seek(at)
            return self._stream.read(count)
        self._pull(self._kept, at + count)
        self._kept.seek(at)
        return self._kept.read(count)

    def _overlay(self, view: memoryview) -> None:
        first, content = self._patch
        start, end = max(first, self._at), min(first + len(content), self._at + len(view))
        if start < end:
            view[start - self._at : end - self._at] = content[start - first : end - first]

    def _pull(self, kept: IO[bytes], until: int) -> None:
        """Take what is lacking up to there from the pipe."""
        kept.seek(self._arrived)
        while self._arrived < until:
            fresh = self._stream.read(min(_AT_ONCE, until - self._arrived))
            if not fresh:
                return
            kept.write(fresh)
            self._arrived += len(fresh)

    def _whole(self) -> int:
        if self._end is None:
            if self._kept is not None:
                self._pull(self._kept, MOST_OF_A_PIPE)
            self._end = self._arrived if self.size is None else self.size
        return self._end
