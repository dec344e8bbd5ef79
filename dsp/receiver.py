"""The receiver for one channel, and for whole recordings in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dsp.audio import to_8k
from dsp.detector.bank import FLUSH, DetectorBank
from dsp.detector.records import STARTED
from dsp.events import BurstRefused, Event, Key, KeyEnded, NearMiss
from dsp.profiles import NTT, Profile
from dsp.tones import KEYS
from sound.samples import to_int16
from sound.telephone import SAMPLE_RATE_HZ

PIECE: Final = 1 << 22
"""Samples of a recording processed at a time (9 min, 8 MB), so that memory use does not grow with its length."""
_KEY_BYTES: Final = np.frombuffer(KEYS.encode(), np.uint8)


class Receiver:
    """Receives DTMF on one channel (slot 0 in its events).

    Args:
        profile: what to accept.
        near_misses: whether to report near misses, too.
    """

    def __init__(self, profile: Profile = NTT, *, near_misses: bool = False) -> None:
        self._bank = DetectorBank(profile, capacity=1, near_misses=near_misses)
        self._slot: int | None = self._bank.open()

    def feed(self, samples: NDArray[Any]) -> list[Event]:
        """Feed the next samples: int16, or float with full scale 1.0, at 8 kHz, any number of them.

        Raises:
            ValueError: the samples are not one-dimensional, or the receiver was finished.
            TypeError: the samples have another type.
        """
        if self._slot is None:
            raise ValueError("the receiver was finished; make a new one")
        return self._bank.feed([self._slot], mono(samples)[None, :])

    def finish(self) -> list[Event]:
        """End the channel as if silence followed."""
        if self._slot is None:
            return []
        slot, self._slot = self._slot, None
        return self._bank.close(slot)


def decode(samples: NDArray[Any], fs: int = SAMPLE_RATE_HZ, *, profile: Profile = NTT) -> str:
    """Return the keys in a recording, in order, such as "15#".

    Args:
        samples: mono, int16 or float with full scale 1.0.
        fs: sampling rate in Hz; other rates than 8000 are resampled.
        profile: what to accept.

    Raises:
        ValueError: the samples are not one-dimensional, or the rate is impossible.
        TypeError: the samples have another type.
    """
    return decode_pieces(_pieces(samples, fs), profile=profile)


def analyse(
    samples: NDArray[Any], fs: int = SAMPLE_RATE_HZ, *, profile: Profile = NTT, near_misses: bool = False
) -> list[Key | NearMiss]:
    """Return the keys in a recording with all figures and, if asked for, near misses, in the order of their starts.

    Arguments and errors are those of `decode`.
    """
    return analyse_pieces(_pieces(samples, fs), profile=profile, near_misses=near_misses)


def decode_pieces(pieces: Iterable[NDArray[Any]], *, profile: Profile = NTT) -> str:
    """Return the keys in a recording at 8 kHz that comes in pieces."""
    bank = DetectorBank(profile, capacity=1)
    slot = np.array([bank.open()])
    found: list[str] = []
    for piece in chain(pieces, [np.zeros(FLUSH, np.int16)]):
        bank.feed_silently(slot, to_int16(piece)[None, :])
        outcomes = bank.outcomes()
        keys = outcomes["key"][outcomes["kind"] == STARTED]
        found.append(_KEY_BYTES[keys].tobytes().decode())
    return "".join(found)


def analyse_pieces(
    pieces: Iterable[NDArray[Any]], *, profile: Profile = NTT, near_misses: bool = False
) -> list[Key | NearMiss]:
    """Do as `analyse` does, for a recording at 8 kHz that comes in pieces."""
    receiver = Receiver(profile, near_misses=near_misses)
    found: list[Key | NearMiss] = []
    for events in chain((receiver.feed(piece) for piece in pieces), _last(receiver)):
        for event in events:
            if isinstance(event, KeyEnded):
                found.append(event.key)
            elif isinstance(event, BurstRefused):
                found.append(event.near_miss)
    return sorted(found, key=lambda burst: burst.begin_s)


def _last(receiver: Receiver) -> Iterator[list[Event]]:
    yield receiver.finish()


def mono(samples: NDArray[Any]) -> NDArray[Any]:
    """Check that samples are one channel, and return them.

    Raises:
        ValueError: they are not one-dimensional.
    """
    array = np.asarray(samples)
    if array.ndim != 1:
        raise ValueError(f"samples of shape {array.shape}; give one channel, shape (samples,)")
    return array


def _pieces(samples: NDArray[Any], fs: int) -> Iterator[NDArray[Any]]:
    array = to_8k(mono(samples), fs)
    for at in range(0, len(array), PIECE):
        yield array[at : at + PIECE]
