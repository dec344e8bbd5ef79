"""The course of lanes over many blocks at once.

`DetectorBank` takes short frames block by block, all channels side by side. A long frame (a file) would need
thousands of such steps; here its lanes are found first and then stepped through side by side, each at its own
moment. The steps of a lane, and so all results, are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from dsp.burst import Bools, Ints
from dsp.goertzel import BLOCK, HOPS, Floats
from dsp.lanes import HISTORY, SOLID, Lanes, Outcomes, Windows
from dsp.tones import KEYS

NEVER: Final = 1 << 40
CARRIED: Final = 2
"""Blocks before the frame whose labels are handed in: as many as may lie between two hits of a lane."""


@dataclass(frozen=True, slots=True)
class Courses:
    """Lanes found in labels, (k,) each: channel (row of the labels), key, columns of first and last hit."""

    channel: Ints
    key: NDArray[np.int8]
    first: Ints
    last: Ints


def find_courses(labels: NDArray[np.int8], sure: Bools, alive: Bools, keys: NDArray[np.int8]) -> Courses:
    """Find the lanes: runs of one label, from its first two neighbouring blocks on, with holes of one block.

    Args:
        labels: (n, blocks), the first two of which were there before.
        sure: (n, blocks); one of the two neighbours must be.
        alive: channels (n,) that carry on a lane, which needs no two neighbouring blocks again.
        keys: the keys (n,) of carried lanes.
    """
    channel, column = (labels >= 0).nonzero()
    if not channel.size:
        return Courses(channel, channel.astype(np.int8), channel, channel)
    label = labels[channel, column]
    group = channel * len(KEYS) + label
    order = group.argsort(kind="stable")
    channel, column, label, group = channel[order], column[order], label[order], group[order]
    step = column[1:] - column[:-1]
    same = group[1:] == group[:-1]
    linked = np.concatenate([[False], same & (step <= 2)])
    firm = sure[channel, column]
    touching = np.concatenate([[False], same & (step == 1) & (firm[1:] | firm[:-1])])
    begins = (~linked).nonzero()[0]
    ends = np.append(begins[1:], len(linked)) - 1
    # the hit before the first that touches its forerunner
    index = np.where(touching, np.arange(len(linked)), len(linked))
    pair = np.minimum.reduceat(index, begins)
    carried = alive[channel[begins]] & (label[begins] == keys[channel[begins]]) & (column[begins] < CARRIED)
    kept = ((pair < len(linked)) | carried).nonzero()[0]
    first = np.where(carried, begins, pair - 1)[kept]
    return Courses(channel[first], label[first], column[first], column[ends[kept]])


class Timeline:
    """Lanes over a frame of many blocks.

    Args:
        home: the channels' lanes, which are carried on and left in the state that the frame's end gives.
        rows: the channels' rows in `home`, (n,).
        clock: number of the first block of the frame on each channel's clock, (n,).
        labels, energies, sure: of the screen, (n, CARRIED + length).
        past: the HISTORY blocks before the frame, (n, HISTORY, 160).
        blocks: the frame, (n, length, 160).
    """

    def __init__(
        self,
        home: Lanes,
        rows: Ints,
        clock: Ints,
        labels: NDArray[np.int8],
        energies: Floats,
        sure: Bools,
        past: NDArray[np.int16],
        blocks: NDArray[np.int16],
    ) -> None:
        self._home, self._rows, self._clock = home, rows, clock
        self._blocks = blocks
        # windows that begin before the frame are cut from its head, with what was before it
        self._head = np.concatenate([past, blocks[:, :HISTORY]], axis=1)
        length = blocks.shape[1]
        courses = find_courses(labels, sure, home.alive[rows], home.key[rows])
        self._channel = courses.channel
        self._origin = clock[courses.channel] - CARRIED  # clock of column 0
        self._lanes = home.like(len(courses.channel))
        self._labels = labels
        lanes = self._lanes
        alive = home.alive[rows]
        carried = alive[self._channel] & (courses.key == home.key[rows][self._channel]) & (courses.first < CARRIED)
        everyone = np.arange(len(courses.channel))
        lanes.create(everyone, courses.key, self._origin + courses.first)
        lanes.copy(everyone[carried], home, rows[self._channel[carried]])
        lanes.last[:] = self._origin + courses.last
        self._end = clock[self._channel] + length  # first block not there yet
        self._over = lanes.last + 2
        strongest = np.maximum(energies[:, 1:-1], energies[:, :-2])
        loose = np.zeros(labels.shape, np.bool_)
        loose[:, CARRIED:] = energies[:, CARRIED:] < SOLID * strongest
        loose[:, CARRIED:] |= labels[:, CARRIED:] != labels[:, 1:-1]
        columns = np.where(loose, np.arange(labels.shape[1]), NEVER)
        self._next_loose = np.minimum.accumulate(columns[:, ::-1], axis=1)[:, ::-1]

    def run(self) -> list[Outcomes]:
        """Step through all lanes; returns what was found, with `lane` being the row in `home`."""
        lanes = self._lanes
        busy = np.arange(len(self._channel))
        while busy.size:
            when = self._attention(busy)
            ready = (when < self._end[busy]) & (when <= self._over[busy])
            busy, when = busy[ready], when[ready]
            follows = lanes.open[busy]
            who, moment = busy[follows], when[follows]
            if who.size:
                lanes.follow(who, moment, moment >= self._over[who], self._windows(who, moment))
            who, moment = busy[~follows], when[~follows]
            if who.size:
                hit = self._labels[self._channel[who], moment - self._origin[who]] == lanes.key[who]
                lanes.judge(who, moment, moment >= self._over[who], hit, self._windows(who, moment))
            busy = busy[when < self._over[busy]]
        self._hand_back()
        return [outcome.of(self._rows[self._channel[outcome.lane]]) for outcome in lanes.outcomes]

    def _attention(self, busy: Ints) -> Ints:
        """The block at which each lane wants to be followed or judged."""
        lanes = self._lanes
        when = lanes.due[busy]
        part = lanes.open[busy].nonzero()[0]
        if part.size:
            who = busy[part]
            block = self._origin[who] + self._loose_column(who) + 1
            block = np.where(lanes.pending[who], self._origin[who] + CARRIED, block)
            when[part] = np.minimum(block, self._over[who])
        return when

    def _loose_column(self, who: Ints) -> Ints:
        column = np.maximum(self._lanes.done[who] // HOPS - self._origin[who], CARRIED)
        last = self._labels.shape[1] - 1
        found = self._next_loose[self._channel[who], np.minimum(column, last)]
        return np.where(column > last, NEVER, found)

    def _windows(self, who: Ints, when: Ints) -> Windows:
        channel = self._channel[who]
        newest = when - self._clock[channel]

        def samples(which: Ints | slice, look: int) -> NDArray[np.int16]:
            rows, begins = channel[which], newest[which] + 1 - look
            early = (begins < 0).nonzero()[0]
            if not early.size:
                return _cut(self._blocks, rows, begins, look)
            windows = np.empty((len(rows), look * BLOCK), np.int16)
            windows[early] = _cut(self._head, rows[early], begins[early] + HISTORY, look)
            late = (begins >= 0).nonzero()[0]
            if late.size:
                windows[late] = _cut(self._blocks, rows[late], begins[late], look)
            return windows

        return samples

    def _hand_back(self) -> None:
        lanes, home = self._lanes, self._home
        home.alive[self._rows] = False
        going_on = (self._over >= self._end).nonzero()[0]
        if going_on.size:
            newest = self._labels.shape[1] - 1
            lanes.pending[going_on] = lanes.open[going_on] & (self._loose_column(going_on) == newest)
            home.copy(self._rows[self._channel[going_on]], lanes, going_on)


def _cut(blocks: NDArray[np.int16], rows: Ints, begins: Ints, look: int) -> NDArray[np.int16]:
    """The samples of `look` blocks from a block on in a row of (n, length, 160), for each of (k,): (k, look * 160)."""
    windows = sliding_window_view(blocks.reshape(len(blocks), -1), look * BLOCK, axis=1)[:, ::BLOCK]
    cut: NDArray[np.int16] = windows[rows, begins]
    return cut
