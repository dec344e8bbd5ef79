"""Speech coders that come as libraries, called through ctypes: GSM, AMR narrow band and wide band, G.729A.

Each is called as its public header says: libgsm's `gsm.h`, opencore-amr's `interf_enc.h`, `interf_dec.h` and
`dec_if.h`, vo-amrwbenc's `enc_if.h`, bcg729's `encoder.h` and `decoder.h`. Frames are coded one by one, and decoded at
once.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from sound.samples import to_float32, to_int16

Linear = NDArray[np.int16]

AMR_MODES: Final = ("4.75", "5.15", "5.9", "6.7", "7.4", "7.95", "10.2", "12.2")
"""The modes' rates in kbit/s; the place in this list is the mode's number."""
AMR_WB_MODES: Final = ("6.6", "8.85", "12.65", "14.25", "15.85", "18.25", "19.85", "23.05", "23.85")
GSM_FRAME, AMR_FRAME, AMR_WB_FRAME, G729_FRAME = 160, 160, 320, 80
"""The length of each coder's frame, in samples."""
MOST_BYTES: Final = 64
"""The most bytes that a coded frame takes."""

Bits = ctypes.Array[ctypes.c_char]


class LibraryMissingError(Exception):
    """A library is not installed; the message says which Debian package has it."""


class SpeechCoder:
    """A coder and its decoder, with what they remember from frame to frame.

    Args:
        size: samples of a frame.
        code: takes a frame through both; called with the addresses of its samples and of the result, and room for the
            bits in between.
        close: frees both.
    """

    def __init__(self, size: int, code: Callable[[int, int, Bits], Any], close: Callable[[], Any]) -> None:
        self._size = size
        self._code = code
        self._bits = ctypes.create_string_buffer(MOST_BYTES)
        weakref.finalize(self, close)

    def through(self, samples: Linear) -> Linear:
        """Return the samples after the coder and its decoder.

        Args:
            samples: int16, (n,), whole frames.

        Raises:
            ValueError: the samples are not whole frames.
        """
        if samples.size % self._size:
            raise ValueError(f"{samples.size} samples are not whole frames of {self._size}")
        source = np.ascontiguousarray(samples)
        target = np.zeros_like(source)
        for at in range(0, source.size, self._size):
            self._code(source[at:].ctypes.data, target[at:].ctypes.data, self._bits)
        return target


def gsm() -> SpeechCoder:
    """Return a coder for GSM full rate (GSM 06.10)."""
    library = _load("gsm", "libgsm1")
    library.gsm_create.restype = ctypes.c_void_p
    encoder, decoder = ctypes.c_void_p(library.gsm_create()), ctypes.c_void_p(library.gsm_create())

    def code(source: int, target: int, bits: Bits) -> None:
        library.gsm_encode(encoder, ctypes.c_void_p(source), bits)
        library.gsm_decode(decoder, bits, ctypes.c_void_p(target))

    return SpeechCoder(GSM_FRAME, code, lambda: (library.gsm_destroy(encoder), library.gsm_destroy(decoder)))


def amr(mode: int) -> SpeechCoder:
    """Return a coder for AMR narrow band."""
    library = _load("opencore-amrnb", "libopencore-amrnb0")
    library.Encoder_Interface_init.restype = library.Decoder_Interface_init.restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(library.Encoder_Interface_init(0))
    decoder = ctypes.c_void_p(library.Decoder_Interface_init())

    def code(source: int, target: int, bits: Bits) -> None:
        library.Encoder_Interface_Encode(encoder, mode, ctypes.c_void_p(source), bits, 0)
        library.Decoder_Interface_Decode(decoder, bits, ctypes.c_void_p(target), 0)

    return SpeechCoder(
        AMR_FRAME, code, lambda: (library.Encoder_Interface_exit(encoder), library.Decoder_Interface_exit(decoder))
    )


def amr_wb(mode: int) -> SpeechCoder:
    """Return a coder for AMR wide band, which works at 16 kHz."""
    coding = _load("vo-amrwbenc", "libvo-amrwbenc0")
    decoding = _load("opencore-amrwb", "libopencore-amrwb0")
    coding.E_IF_init.restype = decoding.D_IF_init.restype = ctypes.c_void_p
    encoder, decoder = ctypes.c_void_p(coding.E_IF_init()), ctypes.c_void_p(decoding.D_IF_init())

    def code(source: int, target: int, bits: Bits) -> None:
        coding.E_IF_encode(encoder, mode, ctypes.c_void_p(source), bits, 0)
        decoding.D_IF_decode(decoder, bits, ctypes.c_void_p(target), 0)

    return SpeechCoder(AMR_WB_FRAME, code, lambda: (coding.E_IF_exit(encoder), decoding.D_IF_exit(decoder)))


def g729() -> SpeechCoder:
    """Return a coder for G.729 annex A."""
    library = _load("bcg729", "libbcg729-0")
    library.initBcg729EncoderChannel.restype = library.initBcg729DecoderChannel.restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(library.initBcg729EncoderChannel(ctypes.c_uint8(0)))
    decoder = ctypes.c_void_p(library.initBcg729DecoderChannel())
    length = ctypes.c_uint8()

    def code(source: int, target: int, bits: Bits) -> None:
        library.bcg729Encoder(encoder, ctypes.c_void_p(source), bits, ctypes.byref(length))
        flags = (ctypes.c_uint8(0), ctypes.c_uint8(0), ctypes.c_uint8(0))
        library.bcg729Decoder(decoder, bits, length, *flags, ctypes.c_void_p(target))

    def close() -> None:
        library.closeBcg729EncoderChannel(encoder)
        library.closeBcg729DecoderChannel(decoder)

    return SpeechCoder(G729_FRAME, code, close)


NARROW: Final[dict[str, Callable[[], SpeechCoder]]] = {
    "gsm": gsm,
    **{f"amr-{name}": partial(amr, mode) for mode, name in enumerate(AMR_MODES)},
    "g729": g729,
}
"""Coders at 8 kHz, by name; they take frames of 20 ms."""
_WIDE: Final = {f"amr-wb-{name}": partial(amr_wb, mode) for mode, name in enumerate(AMR_WB_MODES)}
CODERS: Final = (*NARROW, *_WIDE)
"""Names that `coded` takes."""


def coded(samples: Linear, name: str) -> Linear:
    """Return a recording at 8 kHz after a coder and its decoder.

    Args:
        samples: int16, (n,).
        name: a name from CODERS.

    Raises:
        LibraryMissingError: the coder's library is not installed.
        KeyError: there is no coder of that name.
    """
    if name in NARROW:
        return NARROW[name]().through(_whole(samples, AMR_FRAME))
    coder = _WIDE[name]()
    wide = to_int16(resample_poly(to_float32(samples).astype(np.float64), 2, 1))
    out = coder.through(_whole(wide, AMR_WB_FRAME))
    return to_int16(resample_poly(to_float32(out).astype(np.float64), 1, 2))


def _whole(samples: Linear, size: int) -> Linear:
    """Return whole frames; the last one is filled up with silence."""
    return np.pad(samples, (0, -samples.size % size))


def _load(name: str, package: str) -> ctypes.CDLL:
    path = ctypes.util.find_library(name)
    if path is None:
        raise LibraryMissingError(f"lib{name} is not installed; on Debian: apt-get install {package}")
    return ctypes.CDLL(path)
