"""libspandsp's DTMF receiver, called through ctypes: the yardstick for speed, and a receiver to compare with.

Only its public functions are called (spandsp/dtmf.h of version 0.0.6): `dtmf_rx_init`, `dtmf_rx`, `dtmf_rx_get`,
`dtmf_rx_free`.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sound.telephone import SAMPLE_RATE_HZ

LIBRARY: Final = "spandsp"
MAX_KEYS: Final = 128


class SpandspMissingError(Exception):
    """libspandsp is not installed on this machine."""


def load() -> ctypes.CDLL:
    """Load the library.

    Raises:
        SpandspMissingError: it is not installed.
    """
    name = ctypes.util.find_library(LIBRARY)
    if name is None:
        raise SpandspMissingError("libspandsp is not installed; on Debian: apt-get install libspandsp2")
    library = ctypes.CDLL(name)
    library.dtmf_rx_init.restype = ctypes.c_void_p
    library.dtmf_rx_init.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.dtmf_rx.restype = ctypes.c_int
    library.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    library.dtmf_rx_get.restype = ctypes.c_size_t
    library.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    library.dtmf_rx_free.argtypes = [ctypes.c_void_p]
    return library


class SpandspReceiver:
    """One channel of libspandsp's receiver, with its default settings."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._state = library.dtmf_rx_init(None, None, None)
        self._keys = ctypes.create_string_buffer(MAX_KEYS + 1)

    def feed(self, address: int, count: int) -> None:
        """Feed `count` int16 samples from this address (as `array.ctypes.data` gives it)."""
        self._library.dtmf_rx(self._state, address, count)

    def keys(self) -> str:
        """Return the keys heard since the last call."""
        out = ""
        while count := self._library.dtmf_rx_get(self._state, self._keys, MAX_KEYS):
            out += self._keys.raw[:count].decode("ascii")
        return out

    def close(self) -> None:
        """Free the library's memory."""
        if self._state is not None:
            self._library.dtmf_rx_free(self._state)
            self._state = None


def decode_by_spandsp(samples: NDArray[np.int16], *, library: ctypes.CDLL | None = None) -> str:
    """Return the keys that libspandsp hears in a recording at 8 kHz."""
    receiver = SpandspReceiver(library or load())
    found = ""
    quiet = np.concatenate([samples, np.zeros(1600, np.int16)])
    for at in range(0, quiet.size, SAMPLE_RATE_HZ):  # it holds at most 128 keys
        part = quiet[at : at + SAMPLE_RATE_HZ]
        receiver.feed(part.ctypes.data, part.size)
        found += receiver.keys()
    receiver.close()
    return found
