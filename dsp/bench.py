"""Measures our speed and libspandsp's, in one run on one thread.

Offline, a whole recording is decoded at once. Live, one 20 ms tick of n channels is decoded: libspandsp loops over its
receivers, we make one call. Both get the same samples. The figures are medians over rounds that alternate between the
two after a warm-up, so that a machine whose clock changes treats both alike.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.conformance.signals import speech_like
from dsp.conformance.spandsp import SpandspMissingError, SpandspReceiver, load
from dsp.detector.bank import DetectorBank
from dsp.receiver import decode
from dsp.tones import KEYS, synthesize
from sound.samples import to_int16
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

CHANNELS: Final = (1, 10, 100, 500, 1000)
LIVE_TICKS: Final = 250
SPEAKING: Final = 0.1
THREAD_SETTINGS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one piece of work, for us and for libspandsp.

    Attributes:
        work: what is done.
        unit: the unit of the two figures.
        ours: our cost.
        spandsp: libspandsp's cost; None if it is not installed.
    """

    work: str
    unit: str
    ours: float
    spandsp: float | None

    @property
    def ratio(self) -> float | None:
        """Our cost divided by libspandsp's; we are faster if it is less than 1."""
        return None if self.spandsp is None else self.ours / self.spandsp


def one_thread() -> None:
    """Restrict matrix products to one thread. This works only in a process that has not loaded numpy's BLAS yet."""
    for name in THREAD_SETTINGS:
        os.environ[name] = "1"


def library_if_there() -> ctypes.CDLL | None:
    """Return libspandsp; None if it is not installed."""
    try:
        return load()
    except SpandspMissingError:
        return None


def sounds(seconds: float) -> dict[str, NDArray[np.int16]]:
    """Return the recordings to decode offline: keys, near-silence, speech-like sound, and a third of each."""
    rng = np.random.default_rng(1)
    count = int(seconds * SAMPLE_RATE_HZ)
    keys = "".join(KEYS[index] for index in rng.integers(0, 16, int(seconds / 0.2) + 1))
    dialled = to_int16(synthesize(keys, rng=rng, snr_db=30, level_dbm0=-12)[:count].astype(np.float64))
    silence = np.rint(rng.normal(0, 4, count)).astype(np.int16)
    second = min(count, 60 * SAMPLE_RATE_HZ)
    speech = np.resize(to_int16(0.12 * speech_like(second, rng)), count)
    third = count // 3
    mixed = np.concatenate([dialled[:third], silence[:third], speech[:third]])
    return {"keys 100/100 ms": dialled, "near-silence": silence, "speech-like": speech, "a third each": mixed}


def offline(
    seconds: float, rounds: int, library: ctypes.CDLL | None, progress: Callable[[], None] = lambda: None
) -> list[Cost]:
    """Measure whole recordings, in nanoseconds per sample."""
    costs = []
    for name, samples in sounds(seconds).items():
        ours: list[float] = []
        theirs: list[float] = []
        for number in range(rounds + 1):
            begin = time.perf_counter()
            decode(samples)
            middle = time.perf_counter()
            if library is not None:
                receiver = SpandspReceiver(library)
                for at in range(0, samples.size, SAMPLE_RATE_HZ):
                    receiver.feed(samples[at : at + SAMPLE_RATE_HZ].ctypes.data, min(SAMPLE_RATE_HZ, samples.size - at))
                    receiver.keys()
                receiver.close()
            end = time.perf_counter()
            if number:  # the first round warms up
                ours.append(middle - begin)
                theirs.append(end - middle)
            progress()
        scale = 1e9 / samples.size
        spandsp = median(theirs) * scale if library is not None else None
        costs.append(Cost(f"{name}, {seconds / 60:.0f} min", "ns/sample", median(ours) * scale, spandsp))
    return costs


def live_sounds(channels: int, ticks: int, *, busy: float) -> NDArray[np.int16]:
    """Return the audio of calls to an access number, int16, shape (ticks, channels, 160).

    At any time the share `busy` of the callers press keys, the share SPEAKING speak, and the others listen: their
    channels hold line noise.
    """
    rng = np.random.default_rng(2)
    count = ticks * FRAME_SAMPLES
    pool = sounds(max(count / SAMPLE_RATE_HZ, 1.0) + 20)
    out = np.empty((channels, count), np.int16)
    for channel in range(channels):
        place = (channel + 0.5) / channels
        name = "keys 100/100 ms" if place < busy else "speech-like" if place < busy + SPEAKING else "near-silence"
        at = int(rng.integers(0, pool[name].size - count))
        out[channel] = pool[name][at : at + count]
    return np.ascontiguousarray(out.reshape(channels, ticks, FRAME_SAMPLES).swapaxes(0, 1))


def live(
    channels: int,
    library: ctypes.CDLL | None,
    *,
    busy: float,
    ticks: int = LIVE_TICKS,
    progress: Callable[[], None] = lambda: None,
) -> Cost:
    """Measure one 20 ms tick of all channels, in microseconds."""
    frames = live_sounds(channels, ticks, busy=busy)
    bank = DetectorBank(capacity=channels)
    slots = np.array([bank.open() for _ in range(channels)])
    receivers = [SpandspReceiver(library) for _ in range(channels)] if library is not None else []
    step = FRAME_SAMPLES * frames.itemsize
    ours: list[float] = []
    theirs: list[float] = []
    for number, tick in enumerate(frames):
        address = tick.ctypes.data
        begin = time.perf_counter()
        bank.feed(slots, tick)
        middle = time.perf_counter()
        for index, receiver in enumerate(receivers):
            receiver.feed(address + index * step, FRAME_SAMPLES)
        end = time.perf_counter()
        if number >= ticks // 5:
            ours.append(middle - begin)
            theirs.append(end - middle)
        progress()
    for receiver in receivers:
        receiver.close()
    spandsp = 1e6 * median(theirs) if receivers else None
    return Cost(f"{channels} channels, {busy:.0%} pressing keys", "us/tick", 1e6 * median(ours), spandsp)
