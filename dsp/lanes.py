"""Lanes: the course of a possible key, from the first block that might hold it until it is over.

A lane is a label (a key) that the screen saw in two neighbouring 20 ms blocks; it lives until two neighbouring
blocks are without it. It is in one of two states:

    SEEK  a burst is awaited or under way; judged at the block `due`, first when the third block is complete,
          then, while the label goes on and the burst fails, at every block.
          passes -> the key is announced: OPEN, or, if the burst is over already, ended at once: SEEK
          fails, and the burst is over, or the label is gone -> refused: SEEK
    OPEN  the key is announced; its end is awaited. Blocks in which the pair holds its energy are not looked at;
          the first other one is, together with the next.
          a gap long enough -> ended: SEEK, for what follows may be the same key again

All lanes that are to be judged, or followed, are so in one call, whether they are many channels at one moment
(`bank`) or many moments of one channel (`bank` again, with long frames): the same steps in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.burst import (
    MIN_FRACTION,
    Bools,
    Doubles,
    Fit,
    Ints,
    activity,
    first_gap,
    fit,
    locate,
    promising,
    running_sum,
    since_strong,
)
from dsp.goertzel import HOPS
from dsp.verdict import PASSED, Judge, Verdict

FIRST_LOOK: Final = 4
"""Blocks in the window of the first judgement: the one before the first hit, and three."""
LATER_LOOK: Final = 7
"""Blocks in the window of further judgements."""
FEW: Final = 64
"""So many lanes cost less in one call with long windows than in two."""
HISTORY: Final = LATER_LOOK - 1
"""Blocks before the newest that may be asked for."""
SOLID: Final = 0.85
"""A block whose pair has as much of the energy of the stronger of the last two cannot hold a gap."""
NO_LABEL: Final = -1

STARTED, ENDED, REFUSED = range(3)

Windows = Callable[[Ints | slice, int], NDArray[np.int16]]
"""(which, look): for these of the lanes in hand the samples of the last `look` blocks, (k, look * 160)."""

_ALL: Final = slice(None)
_TIMES: Final = np.arange(2 * HOPS)[:, None]

_COLUMNS = (
    "alive",
    "key",
    "first",
    "last",
    "open",
    "start",
    "due",
    "pending",
    "done",
    "begin",
    "last_on",
    "plateau",
    "gap",
    "figures",
)


class Outcomes(NamedTuple):
    """What was found out, (k,) each: STARTED, ENDED or REFUSED; the block at which; the lane; times in hops."""

    kind: int
    block: Ints
    lane: Ints
    key: NDArray[np.int8]
    begin: NDArray[np.floating[Any]]
    end: NDArray[np.floating[Any]]
    figures: NDArray[np.float32]
    failed: NDArray[np.int8]

    def of(self, lanes: Ints) -> Outcomes:
        """The same, told of other lanes."""
        return self._replace(lane=lanes)


class _Told(NamedTuple):
    """What can be told of judged bursts, (k,) each."""

    at: Ints
    rows: Ints
    keys: NDArray[np.int8]
    begin: Doubles
    end: Doubles
    verdict: Verdict

    def some(self, kind: int, part: Ints) -> Outcomes:
        """Of some of them, as outcomes."""
        figures, failed = self.verdict.figures.T[part], self.verdict.failed[part]
        return Outcomes(
            kind, self.at[part], self.rows[part], self.keys[part], self.begin[part], self.end[part], figures, failed
        )


class Lanes:
    """A table of lanes, one row each; times are in blocks (first, last, due) or hops, on the channel's clock.

    Attributes:
        alive: the row is in use.
        key: index of the key in `KEYS`.
        first: the block in which the burst may have begun.
        last: the last block that the screen labelled with the key.
        open: the key is announced and not yet ended.
        start: hops before this one are not looked at.
        due: the block at which to judge.
        pending: the last block was not solid and is to be followed with the next.
        done: hops before this one are followed.
        begin: the burst's begin (NaN before it is known).
        last_on: end of what was on.
        plateau: energy of a full hop.
        gap: hops missing since `last_on`.
        figures: of the announced key.
    """

    def __init__(self, rows: int, judge: Judge) -> None:
        self._judge = judge
        self._min_gap = judge.min_gap
        self.outcomes: list[Outcomes] = []
        self.alive = np.zeros(rows, np.bool_)
        self.key = np.full(rows, NO_LABEL, np.int8)
        self.first, self.last = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        self.open, self.pending = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
        self.start, self.due = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        self.done = np.zeros(rows, np.int64)
        self.begin, self.last_on = np.full(rows, np.nan), np.zeros(rows)
        self.plateau, self.gap = np.zeros(rows, np.float32), np.zeros(rows, np.float32)
        self.figures = np.zeros((rows, 5), np.float32)

    def like(self, rows: int) -> Lanes:
        """A fresh table of the same kind."""
        return Lanes(rows, self._judge)

    def resize(self, rows: int) -> None:
        """Make room for more lanes; rows keep their numbers."""
        fresh = self.like(rows)
        kept = np.arange(len(self.key))
        fresh.copy(kept, self, kept)
        for column in _COLUMNS:
            setattr(self, column, getattr(fresh, column))

    def copy(self, rows: Ints, other: Lanes, other_rows: Ints) -> None:
        """Take over lanes of another table."""
        for column in _COLUMNS:
            getattr(self, column)[rows] = getattr(other, column)[other_rows]

    def create(self, rows: Ints, keys: NDArray[np.int8], first: Ints) -> None:
        """Begin a lane in each of these rows, seen from block `first` on."""
        self.start[rows] = (first - 1) * HOPS
        self.alive[rows] = True
        self.key[rows] = keys
        self.first[rows] = first
        self.last[rows] = first + 1
        self.due[rows] = first + 2
        self.open[rows] = False
        self.pending[rows] = False
        self.begin[rows] = np.nan

    def judge(self, rows: Ints, at: Ints, over: Bools, hit: Bools, samples: Windows) -> None:
        """Judge lanes that seek.

        Args:
            rows: the lanes.
            at: the block that is complete, for each.
            over: the lane ends with it.
            hit: it has the lane's label.
            samples: gives the blocks up to `at`.
        """
        # without the label in the newest block the next look would show no more, unless the label comes back
        self.due[rows] = at + 2 - hit
        if len(rows) <= FEW:  # a longer look sees no more at first, as hops before `start` do not count
            self._examine(rows, at, over, hit, fit(self.key[rows], samples(_ALL, LATER_LOOK)))
            return
        early = at == self.first[rows] + 2
        for look, chosen in ((FIRST_LOOK, early), (LATER_LOOK, ~early)):
            part = chosen.nonzero()[0]
            if part.size:
                fitted = fit(self.key[rows[part]], samples(part, look))
                self._examine(rows[part], at[part], over[part], hit[part], fitted)

    def _examine(self, rows: Ints, at: Ints, over: Bools, hit: Bools, fitted: Fit) -> None:
        worth = promising(fitted)
        if not worth.all():
            kept = worth.nonzero()[0]
            if not kept.size:
                return
            rows, at, over, hit, fitted = rows[kept], at[kept], over[kept], hit[kept], fitted.of(kept)
        keys = self.key[rows]
        base = (at + 1) * HOPS - fitted.energies.shape[1]
        extent = locate(fitted, np.maximum(self.start[rows] - base, 0), self._min_gap)
        verdict = self._judge.judge(keys, fitted, extent)
        begin, end = base + extent.begin, base + extent.end
        np.fmin(begin, self.begin[rows], out=begin, where=extent.first == 0)
        closed = extent.found & extent.closed
        self.begin[rows] = np.where(extent.found, begin, np.nan)
        told = _Told(at, rows, keys, begin, end, verdict)
        passed = verdict.failed == PASSED
        part = passed.nonzero()[0]
        if part.size:
            self.outcomes.append(told.some(STARTED, part))
            finished = (closed | over)[part]
            held = part
            if finished.any():
                self.outcomes.append(told.some(ENDED, part[finished]))
                held = part[~finished]
            lanes = rows[held]
            self.open[lanes] = True
            self.pending[lanes] = False
            self.figures[lanes] = verdict.figures.T[held]
            self.plateau[lanes] = extent.plateau[held]
            self.gap[lanes] = extent.gap[held]
            self.last_on[lanes] = end[held]
            self.done[lanes] = (at[held] + 1) * HOPS
        if self._judge.near_misses:
            part = (~passed & (closed | over | ~hit) & verdict.measured).nonzero()[0]
            if part.size:
                self.outcomes.append(told.some(REFUSED, part))
        self._seek_again(rows, closed, base + extent.resume, at)

    def follow(self, rows: Ints, at: Ints, over: Bools, samples: Windows) -> None:
        """Look for the end of announced keys in blocks at - 1 and at; arguments as for `judge`."""
        keys = self.key[rows]
        base = (at - 1) * HOPS
        done, gap, last_on = self.done[rows], self.gap[rows], self.last_on[rows]
        skipped = done < base  # solid blocks
        if skipped.any():
            gap[skipped] = 0
            np.copyto(last_on, base, where=skipped)
        explained, energy = fit(keys, samples(_ALL, 2)).energies
        fresh = done - base <= _TIMES
        pure = explained > MIN_FRACTION * energy
        pure &= fresh
        on, strong = activity(explained, self.plateau[rows], pure, fresh, gap == 0)
        missing = running_sum((1 - on) * fresh)
        missing += gap
        since = since_strong(missing, strong)
        resume = first_gap(since, self._min_gap)
        closed = resume < 2 * HOPS
        inside = strong & (resume > _TIMES)
        last = 2 * HOPS - 1 - inside[::-1].argmax(axis=0)
        padded = np.zeros((2 * HOPS + 1, len(rows)), np.float32)
        padded[:-1] = on
        place = last * len(rows)
        place += np.arange(len(rows))
        end = base + last + (padded.take(place) + padded.take(place + len(rows)))
        np.copyto(last_on, end, where=inside.take(place))
        ended = closed | over
        part = ended.nonzero()[0]
        if part.size:
            who = rows[part]
            passed = np.full(part.size, PASSED, np.int8)
            self.outcomes.append(
                Outcomes(ENDED, at[part], who, keys[part], self.begin[who], last_on[part], self.figures[who], passed)
            )
        self.gap[rows] = since[-1]
        self.last_on[rows] = last_on
        self.done[rows] = (at + 1) * HOPS
        self.pending[rows] = False
        self.open[rows] = ~ended
        self._seek_again(rows, closed, base + resume, at)

    def _seek_again(self, rows: Ints, closed: Bools, resume: Ints, at: Ints) -> None:
        part = closed.nonzero()[0]
        if part.size:
            lanes = rows[part]
            self.start[lanes] = resume[part]
            self.first[lanes] = resume[part] // HOPS
            self.due[lanes] = np.maximum(at[part] + 1, self.first[lanes] + 2)
            self.begin[lanes] = np.nan
