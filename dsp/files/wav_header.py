"""Finds WAV files whose header was never completed: a recorder writes the length of the samples last, or never.

The form is Microsoft's RIFF WAVE: `RIFF`, a length, `WAVE`, and chunks, each with four letters, its length (uint32,
little endian) and its content, padded to an even number of bytes. The samples are in the chunk `data`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dsp.files.byte_source import ByteSource

LENGTH_BYTES: Final = 4
UNKNOWN: Final = 0xFFFFFFFE
"""The length that we give to samples that go on to a pipe's end: the longest even one that a header can hold."""
_NEVER_FILLED: Final = 0x7FFF0000
"""Programs that do not know the length yet write one from here on (sox 0x7FFFF024, ffmpeg 0xFFFFFFFF)."""
_MOST_CHUNKS: Final = 1000
_NO_AUDIO: Final = 1 << 12
"""Up to this many bytes after the samples are not audio, even if they are not a chunk: tags, padding."""


@dataclass(frozen=True, slots=True)
class Data:
    """The chunk of samples.

    Attributes:
        at: where its content starts, in bytes.
        length: its length in bytes, as the header claims.
    """

    at: int
    length: int

    @property
    def is_open(self) -> bool:
        """Whether the header may not give the true length."""
        return self.length == 0 or self.length >= _NEVER_FILLED


def data_chunk(source: ByteSource) -> Data | None:
    """Find the samples; return None if the file is not a WAV file, or has none."""
    source.seek(0)
    start = source.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        return None
    for _ in range(_MOST_CHUNKS):
        head = source.read(8)
        if len(head) < 8:
            return None
        length = _length(head)
        if head[:4] == b"data":
            return Data(source.tell(), length)
        source.seek(source.tell() + length + length % 2)
    return None


def is_closed(source: ByteSource, data: Data) -> bool:
    """Return whether the length in a file's header may be right: only chunks follow the samples."""
    size = source.size or 0
    behind = data.at + data.length
    if behind > size:
        return False
    if data.length and size - behind < _NO_AUDIO:
        return True
    return _is_chunks(source, behind + behind % 2, size)


def _is_chunks(source: ByteSource, at: int, size: int) -> bool:
    """Return whether a file consists of whole chunks from a place to its end."""
    while at + 8 <= size:
        source.seek(at)
        head = source.read(8)
        if not all(0x20 <= letter < 0x7F for letter in head[:4]):
            return False
        at += 8 + _length(head)
        at += at % 2
    return size <= at <= size + 1


def _length(head: bytes) -> int:
    return int.from_bytes(head[4:8], "little")
