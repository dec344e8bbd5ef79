"""Opens sound files as they come: with a header, without one, or with one that was never completed; also from a pipe.

`remark` is called with a sentence, which names the file, for each thing that had to be assumed or corrected.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from dsp.errors import AudioError
from dsp.files import wav_header
from dsp.files.byte_source import MOST_OF_A_PIPE, ByteSource
from dsp.files.full_scale import FullScale
from dsp.files.headerless import assumed, remedy

MAX_RATE: Final = 384_000
STANDARD_INPUT: Final = "-"
Remark = Callable[[str], None]


def unremarked(_: str) -> None:
    """Ignore a remark."""


class SoundFile:
    """An open sound file.

    Attributes:
        rate: sampling rate in Hz.
        channels: the number of channels.
        subtype: the coding, by libsndfile's name.
    """

    def __init__(self, file: soundfile.SoundFile, source: ByteSource, name: str, remark: Remark) -> None:
        self._file = file
        self._source = source
        self._name = name
        self.rate = int(file.samplerate)
        self.channels = int(file.channels)
        self.subtype = str(file.subtype)
        self._scale = FullScale(self.rate, remark) if self.subtype in {"FLOAT", "DOUBLE"} else None

    def read(self, frames: int) -> NDArray[np.float32]:
        """Return the next samples, full scale 1.0, (frames, channels); fewer than asked for only at the end.

        Raises:
            AudioError: the rest of the file cannot be read.
        """
        try:
            samples: NDArray[np.float32] = self._file.read(frames, dtype="float32", always_2d=True)
            self._source.raise_failure()
        except (soundfile.SoundFileError, OSError, ValueError) as error:
            raise AudioError(f"{self._name}: broken off in the middle ({reason(error)})") from error
        return samples if self._scale is None else self._scale.applied(samples)


@contextmanager
def opened(path: str | PathLike[str], remark: Remark = unremarked) -> Iterator[SoundFile]:
    """Open a sound file; it is closed at the end of the context.

    Args:
        path: the file, or `-` for standard input.
        remark: called with a sentence for each thing that had to be assumed or corrected.

    Raises:
        AudioError: the file is absent, unreadable or not audio.
    """
    name = name_of(path)
    source = ByteSource(_stream(path, name))

    def said(text: str) -> None:
        remark(f"{name}: {text}")

    try:
        with _sound(source, Path(path), name, said) as file:
            yield SoundFile(file, source, name, said)
    finally:
        source.close()


def name_of(path: str | PathLike[str]) -> str:
    """Return a file's name for messages."""
    return "standard input" if str(path) == STANDARD_INPUT else str(path)


def reason(error: Exception) -> str:
    """Return the cause of an error in few words: the end of its text."""
    text = str(getattr(error, "strerror", None) or error).strip().rstrip(".")
    return text.rsplit(": ", 1)[-1] or type(error).__name__


def _stream(path: str | PathLike[str], name: str) -> IO[bytes]:
    if str(path) == STANDARD_INPUT:
        if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
            raise AudioError(f"{name}: nothing comes from it, or no more; pipe one recording into it, or name a file")
        return sys.stdin.buffer
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise AudioError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise AudioError(f"{name}: is a directory; give an audio file") from None
    except (OSError, ValueError) as error:
        raise AudioError(f"{name}: cannot be read ({reason(error)})") from None


def _sound(source: ByteSource, path: Path, name: str, remark: Remark) -> soundfile.SoundFile:
    try:
        form = _form(source, path, name, remark)
        source.raise_failure()
        source.seek(0)
        file = soundfile.SoundFile(source, **form)
        source.raise_failure()
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        raise AudioError(f"{name}: not an audio file that can be read ({reason(error)}){remedy(path)}") from error
    if not 0 < file.samplerate <= MAX_RATE:
        raise AudioError(f"{name}: has a sampling rate of {file.samplerate} Hz; give one from 1 to {MAX_RATE}")
    return file


def _form(source: ByteSource, path: Path, name: str, remark: Remark) -> dict[str, object]:
    """Return the arguments that libsndfile needs: none for a WAV file, whose length is corrected instead."""
    start = source.read(4)
    source.raise_failure()
    if not start:
        raise AudioError(f"{name}: not an audio file: it is empty")
    if guess := assumed(path, start):
        remark(f"has no header: {guess}")
        return {"samplerate": guess.rate, "channels": 1, "format": "RAW", "subtype": guess.subtype, "endian": "LITTLE"}
    if data := wav_header.data_chunk(source):
        _complete(source, data, remark)
    elif source.size is None and source.seek(0, os.SEEK_END) >= MOST_OF_A_PIPE:
        raise AudioError(f"{name}: more than {MOST_OF_A_PIPE >> 20} MB came; save it as a file, or send it as WAV")
    return {}


def _complete(source: ByteSource, data: wav_header.Data, remark: Remark) -> None:
    """Correct the length of a WAV file's samples, because libsndfile believes it unless it is too much."""
    length = data.length
    if source.size is None:
        length = wav_header.UNKNOWN if data.is_open else length  # a program that writes to a pipe cannot know it
        source.end_at(data.at + length)
    elif wav_header.is_closed(source, data):
        return
    elif not data.is_open and data.at + length > source.size:
        remark(f"is broken off: of {length} bytes of audio {source.size - data.at} are there")
    else:
        length = min(source.size - data.at, wav_header.UNKNOWN)
        remark(f"was never closed (its header gives {data.length} bytes of audio): read to its end, {length} bytes")
    if length != data.length:
        source.replace(data.at - wav_header.LENGTH_BYTES, length.to_bytes(wav_header.LENGTH_BYTES, "little"))
