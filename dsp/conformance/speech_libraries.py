"""Coders that come as libraries: AMR narrow band and wide band, G.729A, through ctypes.

Each is called as its public header says: opencore-amr's `interf_enc.h`, `interf_dec.h` and `dec_if.h`, vo-amrwbenc's
`enc_if.h`, bcg729's `encoder.h` and `decoder.h`. Frames are coded one by one, and decoded as they come.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

Linear = NDArray[np.int16]

AMR_MODES: Final = ("4.75", "5.15", "5.9", "6.7", "7.4", "7.95", "10.2", "12.2")
"""In kbit/s; the place is the mode's number."""
AMR_WB_MODES: Final = ("6.6", "8.85", "12.65", "14.25", "15.85", "18.25", "19.85", "23.05", "23.85")
AMR_FRAME, AMR_WB_FRAME, G729_FRAME = 160, 320, 80
"""In samples."""
MOST_BYTES: Final = 64
"""That a frame is coded to."""


class LibraryMissingError(Exception):
    """A library is not installed; the message says which Debian package has it."""


def amr(samples: Linear, *, mode: int) -> Linear:
    """Through AMR narrow band and back."""
    library = _load("opencore-amrnb", "libopencore-amrnb0")
    library.Encoder_Interface_init.restype = library.Decoder_Interface_init.restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(library.Encoder_Interface_init(0))
    decoder = ctypes.c_void_p(library.Decoder_Interface_init())

    def frame(source: int, target: int, bits: ctypes.Array[ctypes.c_char]) -> None:
        library.Encoder_Interface_Encode(encoder, mode, ctypes.c_void_p(source), bits, 0)
        library.Decoder_Interface_Decode(decoder, bits, ctypes.c_void_p(target), 0)

    out = _each_frame(samples, AMR_FRAME, frame)
    library.Encoder_Interface_exit(encoder)
    library.Decoder_Interface_exit(decoder)
    return out


def amr_wb(samples: Linear, *, mode: int) -> Linear:
    """Through AMR wide band and back; it works at 16 kHz."""
    coding = _load("vo-amrwbenc", "libvo-amrwbenc0")
    decoding = _load("opencore-amrwb", "libopencore-amrwb0")
    coding.E_IF_init.restype = decoding.D_IF_init.restype = ctypes.c_void_p
    encoder, decoder = ctypes.c_void_p(coding.E_IF_init()), ctypes.c_void_p(decoding.D_IF_init())

    def frame(source: int, target: int, bits: ctypes.Array[ctypes.c_char]) -> None:
        coding.E_IF_encode(encoder, mode, ctypes.c_void_p(source), bits, 0)
        decoding.D_IF_decode(decoder, bits, ctypes.c_void_p(target), 0)

    wide = np.rint(resample_poly(samples.astype(np.float64), 2, 1)).clip(-32768, 32767).astype(np.int16)
    out = _each_frame(wide, AMR_WB_FRAME, frame)
    coding.E_IF_exit(encoder)
    decoding.D_IF_exit(decoder)
    narrow: Linear = np.rint(resample_poly(out.astype(np.float64), 1, 2)).clip(-32768, 32767).astype(np.int16)
    return narrow


def g729(samples: Linear) -> Linear:
    """Through G.729 annex A and back."""
    library = _load("bcg729", "libbcg729-0")
    library.initBcg729EncoderChannel.restype = library.initBcg729DecoderChannel.restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(library.initBcg729EncoderChannel(ctypes.c_uint8(0)))
    decoder = ctypes.c_void_p(library.initBcg729DecoderChannel())
    length = ctypes.c_uint8()

    def frame(source: int, target: int, bits: ctypes.Array[ctypes.c_char]) -> None:
        library.bcg729Encoder(encoder, ctypes.c_void_p(source), bits, ctypes.byref(length))
        flags = (ctypes.c_uint8(0), ctypes.c_uint8(0), ctypes.c_uint8(0))
        library.bcg729Decoder(decoder, bits, length, *flags, ctypes.c_void_p(target))

    out = _each_frame(samples, G729_FRAME, frame)
    library.closeBcg729EncoderChannel(encoder)
    library.closeBcg729DecoderChannel(decoder)
    return out


CODERS: Final[dict[str, Callable[[Linear], Linear]]] = {
    **{f"amr-{name}": partial(amr, mode=mode) for mode, name in enumerate(AMR_MODES)},
    **{f"amr-wb-{name}": partial(amr_wb, mode=mode) for mode, name in enumerate(AMR_WB_MODES)},
    "g729": g729,
}
"""By name."""


def _each_frame(samples: Linear, size: int, code: Callable[[int, int, ctypes.Array[ctypes.c_char]], None]) -> Linear:
    """Take whole frames through a coder; what is left over is filled up with silence."""
    source = np.zeros(-(-samples.size // size) * size, np.int16)
    source[: samples.size] = samples
    target = np.zeros_like(source)
    bits = ctypes.create_string_buffer(MOST_BYTES)
    for at in range(0, source.size, size):
        code(source[at:].ctypes.data, target[at:].ctypes.data, bits)
    return target


def _load(name: str, package: str) -> ctypes.CDLL:
    path = ctypes.util.find_library(name)
    if path is None:
        raise LibraryMissingError(f"lib{name} is not installed; on Debian: apt-get install {package}")
    return ctypes.CDLL(path)
