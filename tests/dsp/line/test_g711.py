"""G.711 agrees with an independent definition: the segments of tables 1 and 2, computed one sample at a time."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode

ALL_SAMPLES = np.arange(-32768, 32768).astype(np.int16)
ALL_CODES = np.arange(256, dtype=np.uint8)


def ulaw_reference(sample: int) -> int:
    """Code by ITU-T G.711 table 2 on a 14-bit value; decision values 31, 95, 223, ... and steps 2, 4, 8, ..."""
    sign = 0x80 if sample >= 0 else 0x00
    magnitude = min((sample if sample >= 0 else -sample - 1) >> 2, 8158)
    biased = magnitude + 33
    segment = biased.bit_length() - 6
    step = (biased >> (segment + 1)) & 0x0F
    return sign | (~((segment << 4) | step) & 0x7F)


def alaw_reference(sample: int) -> int:
    """Code by ITU-T G.711 table 1: sign and 12 bits of magnitude, even bits of the code inverted."""
    sign = 0x80 if sample >= 0 else 0x00
    magnitude = (sample if sample >= 0 else -sample - 1) >> 4
    if magnitude < 16:
        segment, step = 0, magnitude
    else:
        segment = magnitude.bit_length() - 4
        step = (magnitude >> (segment - 1)) & 0x0F
    return (sign | (segment << 4) | step) ^ 0x55


def test_ulaw_encodes_every_sample_as_the_recommendation() -> None:
    assert ulaw_encode(ALL_SAMPLES).tolist() == [ulaw_reference(int(sample)) for sample in ALL_SAMPLES]


def test_alaw_encodes_every_sample_as_the_recommendation() -> None:
    assert alaw_encode(ALL_SAMPLES).tolist() == [alaw_reference(int(sample)) for sample in ALL_SAMPLES]


@pytest.mark.parametrize(
    ("law", "code", "value"),
    [
        ("ulaw", 0x80, 32124), ("ulaw", 0x00, -32124), ("ulaw", 0xFF, 0), ("ulaw", 0x7F, 0), ("ulaw", 0xFE, 8),
        ("alaw", 0xAA, 32256), ("alaw", 0x2A, -32256), ("alaw", 0xD5, 8), ("alaw", 0x55, -8), ("alaw", 0xD4, 24),
    ],
)  # fmt: skip
def test_code_words_decode_to_the_tables_values(law: str, code: int, value: int) -> None:
    decode = ulaw_decode if law == "ulaw" else alaw_decode
    assert decode(np.array([code], np.uint8))[0] == value


@pytest.mark.parametrize(("encode", "decode"), [(ulaw_encode, ulaw_decode), (alaw_encode, alaw_decode)])
def test_every_decoded_value_encodes_to_itself(
    encode: Callable[[NDArray[np.int16]], NDArray[np.uint8]], decode: Callable[[NDArray[np.uint8]], NDArray[np.int16]]
) -> None:
    values = decode(ALL_CODES)
    assert np.array_equal(decode(encode(values)), values)


@pytest.mark.parametrize(("encode", "decode"), [(ulaw_encode, ulaw_decode), (alaw_encode, alaw_decode)])
def test_signal_to_quantising_noise_of_a_sine_is_that_of_the_law(
    encode: Callable[[NDArray[np.int16]], NDArray[np.uint8]], decode: Callable[[NDArray[np.uint8]], NDArray[np.int16]]
) -> None:
    sine = (8000 * np.sin(np.arange(8000) * 0.8)).astype(np.int16)
    noise = decode(encode(sine)).astype(float) - sine
    assert 10 * np.log10(np.mean(sine.astype(float) ** 2) / np.mean(noise**2)) > 36
