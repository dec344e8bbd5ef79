"""Reads and writes clips: RIFF WAVE, PCM 16 bit, one channel, 8 kHz. No other form is accepted or written."""

import io
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prompts.errors import ClipError
from sound.telephone import SAMPLE_RATE_HZ

_REMEDY = "a clip is 8 kHz, mono, 16 bit PCM: build it again (ivr prompts build), or import yours (ivr prompts import)"


def encode(samples: NDArray[np.int16]) -> bytes:
    """Return the bytes of a WAV file that holds these samples (int16, shape (n,))."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def decode(content: bytes, path: Path) -> NDArray[np.int16]:
    """Return the samples of a WAV file's bytes: int16, shape (n,), read-only.

    Args:
        content: the bytes of the file.
        path: where they came from, for the error.

    Raises:
        ClipError: it is not a PCM WAV file, has another rate, width or number of channels, or has no samples.
    """
    try:
        with wave.open(io.BytesIO(content), "rb") as file:
            form = (file.getframerate(), file.getnchannels(), 8 * file.getsampwidth())
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ClipError(f"{path} is not a PCM WAV file ({error}); {_REMEDY}") from error
    if form != (SAMPLE_RATE_HZ, 1, 16):
        rate, channels, bits = form
        raise ClipError(f"{path} is {rate} Hz, {channels} channel(s), {bits} bit; {_REMEDY}")
    if not frames or len(frames) % 2:
        raise ClipError(f"{path} holds {len(frames)} bytes of audio: empty or cut off; {_REMEDY}")
    samples = np.frombuffer(frames, dtype="<i2").astype(np.int16)
    samples.setflags(write=False)
    return samples
