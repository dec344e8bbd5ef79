"""The receiver for many channels at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp.audio import to_float32
from dsp.burst import Ints
from dsp.events import BurstRefused, Event, Key, KeyEnded, KeyStarted, NearMiss
from dsp.goertzel import BLOCK, HOP, RATE
from dsp.lanes import ENDED, HISTORY, NO_LABEL, SOLID, STARTED, Lanes, Outcomes, Windows
from dsp.profiles import NTT, Profile
from dsp.screen import Screen, Sight
from dsp.timeline import Timeline
from dsp.tones import KEYS
from dsp.verdict import FAILED_TESTS, Judge

RING = 8
"""Blocks kept of each channel; more than HISTORY, and a power of two."""
BLOCKS_IN_STEPS = 3
"""Longer frames than this many blocks are laid out along time."""
HOP_S = HOP / RATE
FLUSH = 6 * BLOCK
"""Silence that ends anything that is under way."""


class DetectorBank:
    """Receives DTMF on many channels, each with its own audio clock.

    Feeding costs the same for a channel whether its neighbours are quiet or not; there is no loop over
    channels. A channel takes about 2.8 kB: 160 ms of samples (2,560 bytes), part of a block (320), and its
    state.

    Args:
        profile: what to accept.
        capacity: channels to make room for; the bank grows when it is full.
        near_misses: tell of bursts that were refused, too.
    """

    def __init__(self, profile: Profile = NTT, *, capacity: int = 64, near_misses: bool = False) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self.profile = profile
        self._screen = Screen(profile.floor_dbm0)
        self._lanes = Lanes(0, Judge(profile, near_misses=near_misses))
        self._busy = np.zeros(0, np.bool_)
        self._free: list[int] = []
        self._clock = np.zeros(0, np.int64)  # complete blocks
        self._ring = np.zeros((0, RING, BLOCK), np.int16)
        self._rest = np.zeros((0, BLOCK), np.int16)
        self._filled = np.zeros(0, np.int64)  # samples in _rest
        # labels and pair energies of the last two blocks, the newest in column 1
        self._labels = np.zeros((0, 2), np.int8)
        self._energies = np.zeros((0, 2), np.float32)
        self._sure = np.zeros((0, 2), np.bool_)
        self._grow(capacity)

    def open(self) -> int:
        """Take a channel into use.

        Returns:
            Its slot number; its audio clock stands at 0.
        """
        if not self._free:
            self._grow(2 * len(self._busy))
        slot = self._free.pop()
        self._busy[slot] = True
        self._clock[slot] = 0
        self._filled[slot] = 0
        self._ring[slot] = 0
        self._labels[slot] = NO_LABEL
        self._energies[slot] = 0
        self._sure[slot] = False
        self._lanes.alive[slot] = False
        return slot

    def feed(self, slots: Sequence[int] | NDArray[np.integer[Any]], frames: NDArray[Any]) -> list[Event]:
        """Hand in the next samples of some channels.

        Args:
            slots: the channels, each once.
            frames: (n, samples), one row for each of `slots`: int16, or float with full scale 1.0 (not-a-number
                counts as silence).

        Returns:
            What became certain, in the order of each channel's clock.

        Raises:
            ValueError: the shapes do not match, a slot is not open or is named twice.
            TypeError: samples of another type.
        """
        rows = np.asarray(slots, dtype=np.int64)
        if frames.ndim != 2 or rows.shape != (len(frames),):
            raise ValueError(f"frames of shape {frames.shape} do not give one row for each of {rows.size} slots")
        self._check(rows)
        self._advance(rows, to_int16(frames))
        return self._events()

    def feed_silently(self, rows: Ints, frames: NDArray[np.int16]) -> None:
        """As `feed`, without checks; what was found waits in `outcomes`."""
        self._advance(rows, frames)

    def close(self, slot: int) -> list[Event]:
        """End a channel as if silence followed, and free its slot.

        Raises:
            ValueError: the slot is not open.
        """
        rows = np.array([slot])
        self._check(rows)
        self._advance(rows, np.zeros((1, FLUSH), np.int16))
        self._busy[slot] = False
        self._free.append(slot)
        return self._events()

    def _check(self, rows: Ints) -> None:
        if not rows.size:
            return
        if rows.min() < 0 or rows.max() >= len(self._busy) or not self._busy[rows].all():
            closed = [int(row) for row in rows if not (0 <= row < len(self._busy) and self._busy[row])]
            raise ValueError(f"slots that are not open: {closed}; open() gives slot numbers")
        if rows.size > 1 and (rows[1:] <= rows[:-1]).any() and np.unique(rows).size != rows.size:
            raise ValueError("a slot is named twice in one feed")

    def _grow(self, rows: int) -> None:
        old = len(self._busy)
        self._lanes.resize(rows)
        for name in ("_busy", "_clock", "_ring", "_rest", "_filled", "_labels", "_energies", "_sure"):
            before = getattr(self, name)
            after = np.zeros((rows, *before.shape[1:]), before.dtype)
            after[:old] = before
            setattr(self, name, after)
        self._free = [*range(rows - 1, old - 1, -1), *self._free]

    def _advance(self, rows: Ints, samples: NDArray[np.int16]) -> None:
        """Cut the samples into whole blocks, keeping what is left for the next time."""
        filled = self._filled[rows]
        held = int(filled[0]) if rows.size else 0
        if (filled != held).any():
            for held in np.unique(filled):
                part = filled == held
                self._advance(rows[part], samples[part])
            return
        if held:
            samples = np.concatenate([self._rest[rows, :held], samples], axis=1)
        count = samples.shape[1] // BLOCK
        left = samples.shape[1] - count * BLOCK
        if left or held:
            self._rest[rows, :left] = samples[:, count * BLOCK :]
            self._filled[rows] = left
        if not count or not rows.size:
            return
        blocks = samples[:, : count * BLOCK].reshape(len(rows), count, BLOCK)
        if count <= BLOCKS_IN_STEPS:
            for number in range(count):
                self._step(rows, blocks[:, number])
        else:
            self._run(rows, blocks)

    def _step(self, rows: Ints, block: NDArray[np.int16]) -> None:
        """One block of each channel."""
        count = len(rows)
        # neighbouring slots in order, as a bank without holes has them, are views; others are copies
        low = int(rows[0])
        together = count > 1 and int(rows[-1]) == low + count - 1 and bool((rows[1:] > rows[:-1]).all())
        mine: Any = slice(low, low + count) if together else rows
        at = self._clock[mine] + 0
        place = at % RING
        if together and (place == place[0]).all():
            self._ring[mine, place[0]] = block
        else:
            self._ring[rows, place] = block
        sight = self._screen.look(block)
        alive = self._lanes.alive[mine].nonzero()[0]
        if alive.size:
            self._continue(rows[alive], at[alive], sight, alive)
        labels, sure = self._labels[mine], self._sure[mine]
        pair = sight.labels == labels[:, 1]
        pair &= sight.labels >= 0
        pair &= sight.sure | sure[:, 1]
        found = pair.nonzero()[0]
        if found.size:
            who, label = rows[found], sight.labels[found]
            fresh = (~self._lanes.alive[who] | (self._lanes.key[who] != label)).nonzero()[0]
            if fresh.size:
                self._lanes.create(who[fresh], label[fresh], at[found[fresh]] - 1)
        for history, now in ((self._labels, sight.labels), (self._energies, sight.energies), (self._sure, sight.sure)):
            history[mine, 0] = history[mine, 1]
            history[mine, 1] = now
        self._clock[mine] = at + 1

    def _continue(self, who: Ints, at: Ints, sight: Sight, seen: Ints) -> None:
        """One block of channels with lanes; `seen` are their places in `sight`."""
        lanes = self._lanes
        label, energy = sight.labels[seen], sight.energies[seen]
        hit = label == lanes.key[who]
        last = np.where(hit, at, lanes.last[who])
        lanes.last[who] = last
        over = at - last >= 2
        is_open, pending = lanes.open[who], lanes.pending[who]
        if is_open.any():
            loose = energy < SOLID * self._energies[who].max(axis=1)
            loose |= label != self._labels[who, 1]
            lanes.pending[who] = is_open & loose & ~pending
            follow = (is_open & (pending | over)).nonzero()[0]
            if follow.size:
                part, when = who[follow], at[follow]
                lanes.follow(part, when, over[follow], self._windows(part, when))
        judge = (~is_open & (lanes.due[who] <= at)).nonzero()[0]
        if judge.size:
            part, when = who[judge], at[judge]
            lanes.judge(part, when, over[judge], hit[judge], self._windows(part, when))
        if over.any():
            lanes.alive[who[over]] = False

    def _windows(self, who: Ints, when: Ints) -> Windows:
        def samples(which: Ints | slice, look: int) -> NDArray[np.int16]:
            place = (when[which, None] + np.arange(1 - look, 1)) % RING
            blocks: NDArray[np.int16] = self._ring[who[which, None], place]
            return blocks.reshape(len(place), -1)

        return samples

    def _run(self, rows: Ints, blocks: NDArray[np.int16]) -> None:
        """Many blocks of each channel: the same course, laid out along time."""
        count, length = blocks.shape[:2]
        at = self._clock[rows]
        history = (at[:, None] + np.arange(-HISTORY, 0)) % RING
        past = self._ring[rows[:, None], history]
        sight = self._screen.look(blocks.reshape(-1, BLOCK))
        labels, energies, sure = (
            np.concatenate([before[rows], now.reshape(count, length)], axis=1)
            for before, now in (
                (self._labels, sight.labels),
                (self._energies, sight.energies),
                (self._sure, sight.sure),
            )
        )
        track = Timeline(self._lanes, rows, at, labels, energies, sure, past, blocks)
        self._lanes.outcomes += track.run()
        self._labels[rows] = labels[:, -2:]
        self._energies[rows] = energies[:, -2:]
        self._sure[rows] = sure[:, -2:]
        newest = at[:, None] + np.arange(max(length - RING, 0), length)
        self._ring[rows[:, None], newest % RING] = blocks[:, -RING:]
        self._clock[rows] = at + length

    def outcomes(self) -> list[Outcomes]:
        """What was found out since the last call, as arrays."""
        found, self._lanes.outcomes = self._lanes.outcomes, []
        return found

    def _events(self) -> list[Event]:
        found = self.outcomes()
        if not found:
            return []
        told = [(int(block), part, item) for part in found for item, block in enumerate(part.block)]
        told.sort(key=lambda entry: entry[0])  # stable: what was found first stands first
        return [_event(part, item) for _, part, item in told]


def _event(part: Outcomes, item: int) -> Event:
    slot, key = int(part.lane[item]), KEYS[part.key[item]]
    begin = float(part.begin[item]) * HOP_S
    if part.kind == STARTED:
        return KeyStarted(slot, key, begin)
    low, high, snr, low_offset, high_offset = part.figures[item].tolist()
    end = float(part.end[item]) * HOP_S
    if part.kind == ENDED:
        return KeyEnded(slot, Key(key, begin, end, low, high, snr, low_offset, high_offset))
    failed = FAILED_TESTS[part.failed[item]]
    return BurstRefused(slot, NearMiss(key, begin, end, low, high, snr, low_offset, high_offset, failed_test=failed))


def to_int16(samples: NDArray[Any]) -> NDArray[np.int16]:
    """Samples as the receiver works on them: floats (full scale 1.0) rounded to 16 bits and clipped.

    Raises:
        TypeError: neither int16 nor float.
    """
    if samples.dtype == np.int16:
        return samples
    rounded: NDArray[np.int16] = np.rint(to_float32(samples) * np.float32(32767)).astype(np.int16)
    return rounded
