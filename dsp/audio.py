"""Reads and writes audio files: files of every kind in, mono at 8 kHz out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import gcd
from os import PathLike
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from dsp.errors import AudioError
from dsp.files import MAX_RATE, Remark, SoundFile, opened, reason, unremarked
from sound.samples import to_float32, to_int16
from sound.telephone import SAMPLE_RATE_HZ

_FRAMES_AT_ONCE = 1 << 16


def read_audio(
    path: str | PathLike[str], *, mono: bool = True, longest_s: float = math.inf, remark: Remark = unremarked
) -> tuple[NDArray[np.float32], int]:
    """Read an audio file: WAV of any coding (linear, float, A-law, mu-law), AU, FLAC, Ogg, MP3, headerless and others.

    The file is read piece by piece: the length in its header is not believed, and a pipe works, too.

    Args:
        path: the file, or `-` for standard input.
        longest_s: seconds after which no more is read.
        remark: called with a sentence, which names the file, for each thing that had to be assumed or corrected.
        mono: whether to average the channels; otherwise all channels are returned.

    Returns:
        Samples with full scale 1.0, shape (samples,) or, with `mono` false, (samples, channels) for more
        than one channel; and the sampling rate in Hz.

    Raises:
        AudioError: the file is absent, unreadable or not audio.
    """
    with opened(path, remark) as file:
        rate = file.rate
        samples = np.concatenate(list(_pieces(file, longest_s * rate)))
    if samples.shape[1] == 1:
        return samples[:, 0], rate
    return (samples.mean(axis=1, dtype=np.float32) if mono else samples), rate


def coding_of(path: str | PathLike[str]) -> str:
    """Return the coding of an audio file, by libsndfile's name.

    Raises:
        AudioError: as for `read_audio`.
    """
    with opened(path) as file:
        return file.subtype


def write_audio(path: str | PathLike[str], samples: NDArray[Any], fs: int, *, subtype: str = "PCM_16") -> None:
    """Write samples (full scale 1.0, or int16) as a WAV file.

    Args:
        path: the file, replaced if present.
        samples: (samples,) or (samples, channels).
        fs: sampling rate in Hz.
        subtype: coding by libsndfile's name: PCM_16, ULAW, ALAW, FLOAT.

    Raises:
        AudioError: the file cannot be written.
        TypeError: the samples have another type.
    """
    if subtype == "PCM_16":
        samples = to_int16(samples)  # libsndfile rounds down, which adds half a step of direct current
    try:
        soundfile.write(str(path), samples, fs, subtype=subtype, format="WAV")
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise AudioError(f"{path}: cannot be written ({reason(error)})") from error


def to_8k(samples: NDArray[Any], fs: int) -> NDArray[Any]:
    """Return samples at the telephone rate, as they are or resampled by a polyphase filter.

    Args:
        samples: one channel, int16 or float with full scale 1.0.
        fs: sampling rate in Hz.

    Raises:
        ValueError: the rate is not between 1 Hz and 384 kHz.
        TypeError: the samples have another type.
    """
    _check_rate(fs)
    if fs == SAMPLE_RATE_HZ or samples.size == 0:
        return samples
    return _resampled(to_float32(samples), *_ratio(fs))


def sides_at_8k(
    path: str | PathLike[str], piece: int, *, longest_s: float = math.inf, remark: Remark = unremarked
) -> Iterator[NDArray[np.float32]]:
    """Read a file piece by piece, all channels at 8 kHz; memory use does not grow with the file.

    Pieces overlap by the length of the filter while they are resampled, so that the result is that of the whole file.

    Args:
        path: the file, or `-` for standard input.
        piece: about how many samples at 8 kHz a piece has.
        longest_s: seconds after which no more is read.
        remark: as for `read_audio`.

    Returns:
        Pieces of shape (samples, channels), at least one, full scale 1.0.

    Raises:
        AudioError: as for `read_audio`.
    """
    with opened(path, remark) as file:
        up, down = _ratio(file.rate)
        step = max(piece // up, 1) * down
        # resample_poly's filter reaches 10 * max(up, down) / up samples of the input to either side
        margin = 0 if up == down else -(-(10 * max(up, down) // up + 1) // down) * down
        held: NDArray[np.float32] = np.zeros((0, file.channels), np.float32)
        lead = 0
        left = longest_s * file.rate
        while True:
            frames = int(min(step, left))
            fresh = to_float32(file.read(frames))
            left -= frames
            held = np.concatenate([held, fresh])
            last = len(fresh) < step
            if margin:
                until = len(held) if last else len(held) - margin
                out = _resampled(held, up, down) if held.size else held
                yield out[lead * up // down : len(out) if last else until * up // down]
                keep = min(2 * margin, len(held))
                held, lead = held[len(held) - keep :], keep - margin
            else:
                yield held
                held = held[:0]
            if last:
                return


def _check_rate(fs: int) -> None:
    if not 0 < fs <= MAX_RATE:
        raise ValueError(f"a sampling rate of {fs} Hz cannot be; give one from 1 to {MAX_RATE}")


def _resampled(samples: NDArray[Any], up: int, down: int) -> NDArray[Any]:
    from scipy.signal import resample_poly  # takes half a second to load, and telephone audio does not need it

    out: NDArray[Any] = resample_poly(samples, up, down)
    return out


def _ratio(fs: int) -> tuple[int, int]:
    divisor = gcd(SAMPLE_RATE_HZ, fs)
    return SAMPLE_RATE_HZ // divisor, fs // divisor


def _pieces(file: SoundFile, most: float) -> Iterator[NDArray[np.float32]]:
    """Yield a file's samples up to a number of frames, in at least one piece."""
    left = most
    while True:
        frames = int(min(_FRAMES_AT_ONCE, left))
        piece = file.read(frames)
        yield piece
        left -= frames
        if len(piece) < _FRAMES_AT_ONCE:
            return
