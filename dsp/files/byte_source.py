"""Gives libsndfile, which goes back and forth, the bytes of a recording: from a file, or from a pipe, which cannot go
back.

What came through a pipe is kept, and no more is taken from it than is asked for. C code calls the reads, and would
print and forget an exception: it waits in `failure` instead.
"""

from __future__ import annotations

import os
from tempfile import SpooledTemporaryFile
from typing import IO, Final

_IN_MEMORY: Final = 1 << 23
_AT_ONCE: Final = 1 << 16
MOST_OF_A_PIPE: Final = 1 << 29
"""The most bytes kept of a pipe whose end must be known before its start can be read (FLAC, Ogg, MP3)."""


class ByteSource:
    """A recording's bytes.

    Args:
        stream: a file or a pipe; the source closes it.

    Attributes:
        size: bytes of a file; None for a pipe.
        failure: the error of a read, which then returned nothing; None if there was none.
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
        """Close the stream, and delete what is kept of it."""
        self._stream.close()
        if self._kept is not None:
            self._kept.close()

    def replace(self, at: int, content: bytes) -> None:
        """From now on return this content in place of the stream's own bytes at `at`."""
        self._patch = (at, content)

    def end_at(self, end: int) -> None:
        """Set where a pipe ends, so that it need not be read to its end to find out."""
        self._end = end

    def tell(self) -> int:
        """Return where the next read starts."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; the next read starts there."""
        if whence == os.SEEK_CUR:
            offset += self._at
        elif whence == os.SEEK_END:
            offset += self._whole()
        self._at = max(offset, 0)
        return self._at

    def read(self, count: int) -> bytes:
        """Return the next bytes; fewer than asked for only at the end."""
        content = bytearray(count)
        return bytes(content[: self.readinto(content)])

    def readinto(self, room: bytearray | memoryview) -> int:
        """Fill `room` with the next bytes, and return how many there were: 0 at the end and after a failure."""
        view = memoryview(room).cast("B")
        try:
            found = self._from(self._at, len(view))
        except BaseException as error:  # noqa: BLE001 - raised again after C has returned, as an interrupt is, too
            self.failure = error
            return 0
        view[: len(found)] = found
        self._overlay(view[: len(found)])
        self._at += len(found)
        return len(found)

    def raise_failure(self) -> None:
        """Raise the error of a read, if there was one."""
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
        """Take from the pipe what is missing up to this place."""
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
