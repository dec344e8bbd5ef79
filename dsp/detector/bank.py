"""The receiver for many channels at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dsp.detector.records import CHANNEL, ENDED, FAILED_TESTS, MOST_OUTCOMES, NO_LABEL, OUTCOME, SCRATCH, STARTED
from dsp.events import BurstRefused, Event, Key, KeyEnded, KeyStarted, NearMiss
from dsp.kernel.goertzel import HALF, HOP, screen_columns
from dsp.profiles import NTT, Profile
from dsp.tones import KEYS
from sound.samples import to_int16
from sound.telephone import FRAME_SAMPLES, SAMPLE_RATE_HZ

FRAMES_AT_ONCE: Final = 256
"""Frames in one matrix product if there are fewer channels: as many as the caches hold."""
HOP_S: Final = HOP / SAMPLE_RATE_HZ
FLUSH: Final = 6 * FRAME_SAMPLES
"""Samples of silence that end any key or burst that is under way."""

_COLUMNS: Final = screen_columns()[0]
_FRESH: Final = np.zeros((), CHANNEL)
_FRESH["guess"] = _FRESH["guesses"] = _FRESH["label"] = _FRESH["heard_key"] = _FRESH["echo_key"] = NO_LABEL

_BLOCK_OF: Final = itemgetter(4)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Memory:
    """All that a channel knows at one moment.

    Attributes:
        channel: a copy of its record of CHANNEL, shape (1,).
        filled: samples in its part of a frame.
    """

    channel: NDArray[np.void]
    filled: int


class DetectorBank:
    """Receives DTMF on many channels, each with its own audio clock.

    A feed is one matrix product for all channels and one call of compiled code (`lanes.advance`). A channel takes 4,137
    bytes: 80 ms of samples (2,560), part of a frame (320), the fits of 160 ms of a possible key (768), the last four
    keys (280), and its state. A process's first bank loads the compiled code, which takes half a second; if none is
    kept on disk, it is compiled first, which takes half a minute.

    Args:
        profile: what to accept.
        capacity: channels to make room for; the bank grows when it is full.
        near_misses: whether to report near misses, too.
    """

    def __init__(self, profile: Profile = NTT, *, capacity: int = 64, near_misses: bool = False) -> None:
        # takes half a second: a process that opens no bank need not wait
        from dsp.detector.lanes import advance
        from dsp.detector.slots import held
        from dsp.detector.verdict import limits_of

        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self.profile = profile
        self._step, self._held = advance, held
        self._limits = limits_of(profile, near_misses=near_misses)
        self._scratch = np.zeros(1, SCRATCH)
        self._busy = np.zeros(0, np.bool_)
        self._filled = np.zeros(0, np.int64)  # samples in a channel's rest
        self._channels = np.zeros(0, CHANNEL)
        self._free: list[int] = []
        self._sample_room = np.empty((0, FRAME_SAMPLES), np.float32)
        self._lay_out(1, 1)
        self._found: list[NDArray[np.void]] = []
        self._grow(capacity)

    def open(self) -> int:
        """Start a channel.

        Returns:
            Its slot number. Its audio clock stands at 0.
        """
        if not self._free:
            self._grow(2 * len(self._busy))
        slot = self._free.pop()
        self._busy[slot] = True
        self._filled[slot] = 0
        self._channels[slot] = _FRESH
        self._channels[slot]["slot"] = slot
        return slot

    def feed(self, slots: Sequence[int] | NDArray[np.integer[Any]], samples: NDArray[Any]) -> list[Event]:
        """Feed the next samples of some channels.

        Args:
            slots: the channels, each once.
            samples: (n, samples), one row for each of `slots`: int16, or float with full scale 1.0 (not-a-number
                counts as silence).

        Returns:
            What became certain, in the order of each channel's audio clock.

        Raises:
            ValueError: the shapes do not match, or a slot is not open or is named twice.
            TypeError: the samples have another type.
        """
        rows = np.array(slots, dtype=np.int64)
        if samples.ndim != 2 or rows.shape != (len(samples),):
            raise ValueError(f"samples of shape {samples.shape} do not give one row for each of {rows.size} slots")
        self.feed_silently(rows, to_int16(samples))
        return self._events()

    def feed_silently(self, rows: Ints, samples: NDArray[np.int16]) -> None:
        """Do as `feed` does, but keep what was found until `outcomes` is called."""
        held = self._held(rows, self._busy, self._filled)
        if held >= 0:
            self._advance(rows, samples, held)
            return
        self._refuse_closed(rows.tolist())
        if np.unique(rows).size != rows.size:
            raise ValueError("a slot is named twice in one feed")
        filled = self._filled[rows]
        for held in np.unique(filled).tolist():
            part = filled == held
            self._advance(rows[part], samples[part], held)

    def close(self, slot: int) -> list[Event]:
        """End a channel as if silence followed, and free its slot.

        Raises:
            ValueError: the slot is not open.
        """
        self.feed_silently(np.array([slot]), np.zeros((1, FLUSH), np.int16))
        self._busy[slot] = False
        self._free.append(slot)
        return self._events()

    def remember(self, slot: int) -> Memory:
        """Return all that a channel knows now, for `restore`.

        Raises:
            ValueError: the slot is not open.
        """
        self._refuse_closed([slot])
        return Memory(self._channels[slot : slot + 1].copy(), int(self._filled[slot]))

    def restore(self, slot: int, memory: Memory) -> None:
        """Set a channel back to what it was, as if nothing had been fed to it since.

        Raises:
            ValueError: the slot is not open.
        """
        self._refuse_closed([slot])
        self._channels[slot : slot + 1] = memory.channel
        self._filled[slot] = memory.filled

    def _refuse_closed(self, slots: list[int]) -> None:
        closed = [slot for slot in slots if not (0 <= slot < len(self._busy) and self._busy[slot])]
        if closed:
            raise ValueError(f"slots that are not open: {closed}; open() gives slot numbers")

    def _grow(self, rows: int) -> None:
        old = len(self._busy)
        for name in ("_busy", "_filled", "_channels"):
            before = getattr(self, name)
            after = np.zeros(rows, before.dtype)
            after[:old] = before
            setattr(self, name, after)
        self._free = [*range(rows - 1, old - 1, -1), *self._free]

    def _advance(self, rows: Ints, samples: NDArray[np.int16], held: int) -> None:
        """Append the samples to the part of a frame that is held, process all whole frames, and keep the rest."""
        if held:
            samples = np.concatenate([self._channels["rest"][rows, :held], samples], axis=1)
        count, left = divmod(samples.shape[1], FRAME_SAMPLES)
        if left or held:
            self._channels["rest"][rows, :left] = samples[:, count * FRAME_SAMPLES :]
            self._filled[rows] = left
        if count and rows.size:
            self._run(rows, samples[:, : count * FRAME_SAMPLES].reshape(len(rows), count, FRAME_SAMPLES))

    def _run(self, rows: Ints, frames: NDArray[np.int16]) -> None:
        """Process whole frames of each channel, int16, (n, frames, 160)."""
        channels, count, _ = frames.shape
        length = max(FRAMES_AT_ONCE // channels, 1)
        for first in range(0, count, length):
            part = frames[:, first : first + length]
            if part.shape != self._samples.shape:
                self._lay_out(*part.shape[:2])
            np.copyto(self._samples, part)
            np.matmul(self._halves, _COLUMNS, out=self._half_products)
            room = self._outcome_room
            found = self._step(self._channels, rows, self._samples, self._products, self._limits, self._scratch, room)
            if found:
                self._found.append(room[:found].copy())

    def _lay_out(self, channels: int, frames: int) -> None:
        """Make room for this many channels and frames at once; the room only grows."""
        size = channels * frames
        if size > len(self._sample_room):
            self._sample_room = np.empty((size, FRAME_SAMPLES), np.float32)
            self._product_room = np.empty((size, FRAME_SAMPLES // HALF * _COLUMNS.shape[1]), np.float32)
            self._outcome_room = np.empty(size * MOST_OUTCOMES, OUTCOME)
        self._samples = self._sample_room[:size].reshape(channels, frames, -1)
        self._products = self._product_room[:size].reshape(channels, frames, -1)
        self._halves = self._samples.reshape(-1, HALF)
        self._half_products = self._products.reshape(-1, _COLUMNS.shape[1])

    def outcomes(self) -> NDArray[np.void]:
        """Return what was found since the last call, as records of OUTCOME."""
        found, self._found = self._found, []
        return np.concatenate([self._outcome_room[:0], *found])

    def _events(self) -> list[Event]:
        if not self._found:
            return []
        outcomes = [outcome for part in self._found for outcome in part.tolist()]
        self._found = []
        outcomes.sort(key=_BLOCK_OF)  # stable: what was found first stays first
        return [_event(outcome) for outcome in outcomes]


def _event(outcome: tuple[Any, ...]) -> Event:
    kind, index, failed, slot, _, begin, end, low, high, snr, low_offset, high_offset = outcome
    key, begin_s, end_s = KEYS[index], begin * HOP_S, end * HOP_S
    if kind == STARTED:
        return KeyStarted(slot, key, begin_s)
    if kind == ENDED:
        return KeyEnded(slot, Key(key, begin_s, end_s, low, high, snr, low_offset, high_offset))
    test = FAILED_TESTS[failed]
    return BurstRefused(slot, NearMiss(key, begin_s, end_s, low, high, snr, low_offset, high_offset, test))
