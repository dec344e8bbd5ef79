"""The two companding laws of ITU-T G.711, as tables.

Decoding gives the Recommendation's output values; encoding takes the code word whose decision interval holds the
sample. Samples are 16-bit linear: mu-law's 14 and A-law's 13 bits stand at the top of the word.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def _ulaw_table() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _encoder(law: NDArray[np.int16], *, negative_zero: int) -> NDArray[np.uint8]:
    """Return the code word for each of the 65,536 sample values.

    An output value lies midway between its two decision values, so these follow one from the other. A sample on
    a decision value goes to the code word further from zero.
    """
    codes = np.arange(256)
    positive = codes[(law >= 0) & (codes != negative_zero)]
    positive = positive[np.argsort(law[positive])]
    outputs = law[positive].astype(np.int64)
    decisions, last = [], -4 if outputs[0] == 0 else 0  # mu-law's first interval lies around 0
    for output in outputs[:-1]:
        last = 2 * int(output) - last
        decisions.append(last)
    negative = codes[(law < 0) | (codes == negative_zero)]
    negative = negative[np.argsort(-law[negative].astype(np.int64), kind="stable")]
    table = np.empty(65536, np.uint8)
    samples = np.arange(-32768, 32768)
    upper = samples >= 0
    table[upper] = positive[np.searchsorted(decisions, samples[upper], side="right")]
    mirrored = ~samples[~upper]  # one's complement, as in the reference code of ITU-T G.191
    table[~upper] = negative[np.searchsorted(decisions, mirrored, side="right")]
    return np.roll(table, -32768)  # index by the sample's bits as uint16


ULAW_LINEAR = _ulaw_table()
ALAW_LINEAR = _alaw_table()
_TO_ULAW = _encoder(ULAW_LINEAR, negative_zero=0x7F)
_TO_ALAW = _encoder(ALAW_LINEAR, negative_zero=-1)


def ulaw_decode(codes: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Turn mu-law code words into 16-bit linear samples."""
    return ULAW_LINEAR[codes]


def alaw_decode(codes: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Turn A-law code words into 16-bit linear samples."""
    return ALAW_LINEAR[codes]


def ulaw_encode(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Turn 16-bit linear samples into mu-law code words."""
    return _TO_ULAW[samples.view(np.uint16)]


def alaw_encode(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Turn 16-bit linear samples into A-law code words."""
    return _TO_ALAW[samples.view(np.uint16)]
