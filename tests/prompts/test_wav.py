import io
import wave
from pathlib import Path

import numpy as np
import pytest

from prompts.errors import ClipError
from prompts.wav import decode, encode

PATH = Path("clip.wav")


def wav(rate_hz: int = 8000, channels: int = 1, width: int = 2, frames: bytes = b"\1\2\3\4") -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(frames)
    return buffer.getvalue()


def test_samples_come_back_as_they_were_and_cannot_be_changed() -> None:
    samples = np.array([0, 1, -1, 32767, -32768], dtype=np.int16)
    read = decode(encode(samples), PATH)
    assert read.dtype == np.int16
    assert read.tolist() == samples.tolist()
    with pytest.raises(ValueError, match="read-only"):
        read[0] = 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (wav(rate_hz=16000), "16000 Hz"),
        (wav(channels=2), r"2 channel\(s\)"),
        (wav(width=1), "8 bit"),
        (wav(frames=b""), "empty"),
        (wav()[:-1], "cut off"),
        (wav()[:30], "not a PCM WAV file"),
        (b"", "not a PCM WAV file"),
        (b"MThd\0\0\0\6 a melody, not a recording", "not a PCM WAV file"),
    ],
)
def test_another_form_is_refused_with_the_file_and_the_remedy(content: bytes, message: str) -> None:
    with pytest.raises(ClipError, match=rf"clip\.wav.*{message}.*8 kHz, mono, 16 bit PCM"):
        decode(content, PATH)
