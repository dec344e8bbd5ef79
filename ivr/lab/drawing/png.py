"""A picture of few colours as PNG (W3C PNG, second edition), for a page that needs no library to be drawn."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_PALETTE_COLOUR = 3


def encode_png(indices: NDArray[np.uint8], palette: Sequence[tuple[int, int, int]]) -> bytes:
    """Encode a picture.

    Args:
        indices: the colour of each pixel as its place in the palette, shape (height, width).
        palette: at most 256 colours: red, green, blue, 0 to 255 each.
    """
    height, width = indices.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), indices], axis=1)  # each row begins with its filter: none
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _PALETTE_COLOUR, 0, 0, 0)),
            _chunk(b"PLTE", bytes(value for colour in palette for value in colour)),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
