"""Lanes: the course of a possible key, from the first frame that might hold it until it is over. Compiled code.

A lane is a label (a key) that the screen saw in two neighbouring 20 ms frames; it lives until two neighbouring frames
lack that label. A channel has at most one lane. A lane is in one of two states:

    SEEK  a burst is awaited or under way. It is judged at the frame `due`: first when the third frame is complete,
          then at every frame as long as the label goes on and the burst fails.
          passes -> the key is announced: OPEN; if the burst is over already, the key ends at once: SEEK
          fails, and the burst is over or the label is gone -> it is refused: SEEK
    OPEN  the key is announced and its end is awaited. Frames in which the pair holds its energy are not looked at;
          the first other frame is, together with the next one.
          a gap long enough -> the key has ended: SEEK, because the same key may follow

`advance` takes all channels of a bank through the samples that are fed, one channel after the other, frame by frame:
streams and recordings take the same steps. A quiet channel costs only the copying of its samples.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

from dsp.detector.burst import EVEN, STEPPED, activity, fit, locate, look, missing, promising
from dsp.detector.cleaning import clean
from dsp.detector.echo import another_sounds, is_pressed, note_end, weaker
from dsp.detector.overdrive import overdriven
from dsp.detector.records import (
    CHANNEL,
    ENDED,
    KEPT,
    LIMITS,
    LONGEST,
    OUTCOME,
    PASSED,
    REFUSED,
    SCRATCH,
    STARTED,
    Record,
)
from dsp.detector.screen import see, weigh
from dsp.detector.verdict import DISTORTED, ECHO, Figures, accepted, judge
from dsp.kernel.compiled import inner, outer
from dsp.kernel.goertzel import HOPS, Floats
from sound.telephone import FRAME_SAMPLES

SOLID: Final = np.float32(0.85)
"""A frame whose pair has this share of the energy of the stronger of the last two frames cannot hold a gap."""
FOLLOWED: Final = 2 * HOPS
"""Hops in which we look for the end of an announced key."""

_ZERO: Final = np.float32(0)


@inner
def create(channel: Record, key: int, first: int) -> None:
    """Start a lane that was seen from frame `first` on."""
    channel["alive"] = True
    channel["open"] = False
    channel["pending"] = False
    channel["key"] = key
    channel["last"] = first + 1
    channel["due"] = first + 2
    channel["start"] = (first - 1) * HOPS
    channel["fitted"] = first - 1
    channel["begin"] = np.nan
    channel["onset"] = np.nan
    channel["wait"] = 0
    if channel["guesses"][(first - 2) % KEPT] == key:  # silence in place of a packet may separate them
        channel["start"] -= HOPS
        fit(channel, first - 2)


@inner
def fit_blocks(channel: Record, first: int) -> None:
    """Fit the lane's key to the frames from this one to the newest."""
    for frame in range(first, channel["clock"] + 1):
        fit(channel, frame)
    channel["fitted"] = channel["clock"] + 1


@inner
def seek_again(channel: Record, start: int) -> None:
    """Wait for another burst from hop `start` on."""
    channel["start"] = start
    channel["due"] = max(channel["clock"] + 1, start // HOPS + 2)
    channel["begin"] = np.nan
    channel["wait"] = 0


@inner
def tell(
    channel: Record,
    kind: int,
    failed: int,
    begin: float,
    end: float,
    figures: Figures,
    scratch: Record,
    outcomes: NDArray[Record],
) -> None:
    """Write an outcome that was found at a channel's newest frame."""
    outcome = outcomes[scratch["told"]]
    scratch["told"] += 1
    outcome["kind"] = kind
    outcome["slot"] = channel["slot"]
    outcome["frame"] = channel["clock"]
    outcome["key"] = channel["key"]
    outcome["failed"] = failed
    outcome["begin"] = begin
    outcome["end"] = end
    outcome["low_dbm0"] = figures.low_dbm0
    outcome["high_dbm0"] = figures.high_dbm0
    outcome["snr_db"] = figures.snr_db
    outcome["low_offset_percent"] = figures.low_offset_percent
    outcome["high_offset_percent"] = figures.high_offset_percent


@inner
def seek(channel: Record, hit: bool, over: bool, limits: Record, scratch: Record, outcomes: NDArray[Record]) -> None:
    """Judge the burst of a lane in the state SEEK.

    Args:
        channel: the lane's channel.
        hit: whether the newest frame has the lane's label.
        over: whether the lane ends with it.
        limits: the profile's limits.
        scratch: room for the look.
        outcomes: where the outcome is added.
    """
    at = channel["clock"]
    # if the newest frame lacks the label, the next look would show no more, unless the label comes back
    channel["due"] = at + 1 if hit else at + 2
    stop = (at + 1) * HOPS
    start = max(channel["start"], stop - LONGEST)
    hops = stop - start
    fit_blocks(channel, max(channel["fitted"], start // HOPS))
    look(channel, start, hops, scratch)
    if not promising(hops, scratch):
        return
    extent = locate(hops, limits["min_gap"], EVEN, scratch)
    verdict = judge(channel["key"], extent, limits, False, scratch)
    if verdict.failed != PASSED:
        whole = locate(hops, limits["min_gap"], STEPPED, scratch)
        second = judge(channel["key"], whole, limits, True, scratch)
        if second.failed == PASSED and not weaker(channel, start + whole.first, second.figures):
            extent, verdict = whole, second
    if verdict.failed != PASSED and another_sounds(channel, start + extent.first):
        clean(channel, 0.0, 0.0, start + extent.first)
        look(channel, start, hops, scratch)
        extent = locate(hops, limits["min_gap"], EVEN, scratch)
        verdict = judge(channel["key"], extent, limits, False, scratch)
    begin, end = start + extent.begin, start + extent.end
    if extent.first < limits["min_gap"] and hops == LONGEST and channel["begin"] < begin:
        begin = channel["begin"]  # the look has moved past the burst's start, perhaps into a hole in it
    closed = extent.found and extent.closed
    channel["begin"] = begin if extent.found else np.nan
    failed, figures = verdict.failed, verdict.figures
    channel["overdriven"] = failed in DISTORTED and verdict.measured and overdriven(channel, begin, end, figures)
    if channel["overdriven"]:
        failed = accepted(channel["key"], limits)
    if failed == PASSED and not is_pressed(
        channel, begin, end, closed or over, not hit, extent.plateau, figures, start, scratch
    ):
        failed = ECHO
    if failed == PASSED:
        tell(channel, STARTED, PASSED, begin, end, figures, scratch, outcomes)
        if closed or over:
            tell(channel, ENDED, PASSED, begin, end, figures, scratch, outcomes)
            note_end(channel, end)
        else:
            channel["open"] = True
            channel["pending"] = False
            channel["low_dbm0"] = figures.low_dbm0
            channel["high_dbm0"] = figures.high_dbm0
            channel["snr_db"] = figures.snr_db
            channel["low_offset_percent"] = figures.low_offset_percent
            channel["high_offset_percent"] = figures.high_offset_percent
            channel["plateau"] = extent.plateau
            channel["gap"] = extent.gap
            channel["last_on"] = end
            channel["done"] = stop
    elif limits["near_misses"] and verdict.measured and (closed or over or not hit):
        tell(channel, REFUSED, failed, begin, end, figures, scratch, outcomes)
    if closed:
        seek_again(channel, start + extent.resume)


@inner
def follow(channel: Record, over: bool, limits: Record, scratch: Record, outcomes: NDArray[Record]) -> None:
    """Look for the end of an announced key in the last two frames; arguments as for `seek`."""
    at, on, strong = channel["clock"], scratch["on"], scratch["strong"]
    start = (at - 1) * HOPS
    gap, last_on = channel["gap"], channel["last_on"]
    if channel["done"] < start:  # solid frames
        gap, last_on = _ZERO, np.float64(start)
    fresh = max(channel["done"] - start, 0)
    fit_blocks(channel, at - 1 + fresh // HOPS)
    look(channel, start, FOLLOWED, scratch)
    activity(FOLLOWED, fresh, channel["plateau"], gap == 0, scratch)
    last, resume = -1, FOLLOWED
    for t in range(fresh, FOLLOWED):
        if strong[t]:
            last, gap = t, _ZERO
        else:
            gap += missing(t, FOLLOWED, scratch)
            if gap >= limits["min_gap"]:
                resume = t
                break
    if last >= 0:
        edge = on[last + 1] if last + 1 < FOLLOWED else _ZERO
        last_on = start + last + np.float64(on[last] + edge)
    closed = resume < FOLLOWED
    if closed or over:
        figures = Figures(
            channel["low_dbm0"],
            channel["high_dbm0"],
            channel["snr_db"],
            channel["low_offset_percent"],
            channel["high_offset_percent"],
        )
        tell(channel, ENDED, PASSED, channel["begin"], last_on, figures, scratch, outcomes)
        note_end(channel, last_on)
        channel["open"] = False
    channel["pending"] = False
    channel["gap"] = gap
    channel["last_on"] = last_on
    channel["done"] = (at + 1) * HOPS
    if closed:
        seek_again(channel, start + resume)


@inner
def go_on(
    channel: Record, label: int, energy: np.float32, limits: Record, scratch: Record, outcomes: NDArray[Record]
) -> None:
    """Carry a lane on through its channel's newest frame, whose label and energy come from `screen.see`."""
    hit = label == channel["key"]
    if hit:
        channel["last"] = channel["clock"]
    over = channel["clock"] - channel["last"] >= 2
    if channel["open"]:
        if channel["pending"] or over:
            follow(channel, over, limits, scratch, outcomes)
        else:
            loose = energy < SOLID * max(channel["energy"], channel["energy_before"])
            channel["pending"] = loose or label != channel["label"]
    elif channel["due"] <= channel["clock"]:
        seek(channel, hit, over, limits, scratch, outcomes)
    if over:
        channel["alive"] = False


def _records(dtype: np.dtype[Record]) -> Any:
    return numba.types.Array(numba.from_dtype(dtype), 1, "C")


@outer(
    _records(CHANNEL),
    numba.int64[::1],
    numba.float32[:, :, ::1],
    numba.float32[:, :, ::1],
    _records(LIMITS),
    _records(SCRATCH),
    _records(OUTCOME),
)
def advance(
    channels: NDArray[Record],
    slots: NDArray[np.int64],
    samples: Floats,
    products: Floats,
    limits: NDArray[Record],
    scratch: NDArray[Record],
    outcomes: NDArray[Record],
) -> int:
    """Take channels through frames.

    Args:
        channels: all channels of the bank, records of CHANNEL.
        slots: the slots of the channels to go on with, (n,).
        samples: (n, frames, 160).
        products: the products of each frame's halves with `goertzel.screen_columns`, (n, frames, 32).
        limits: the profile's limits, a record of LIMITS, (1,).
        scratch: room for intermediate results, a record of SCRATCH, (1,).
        outcomes: filled in; it needs room for MOST_OUTCOMES for each frame of each channel.

    Returns:
        The number of outcomes.
    """
    profile, room = limits[0], scratch[0]
    room["told"] = 0
    for row in range(len(slots)):
        channel = channels[slots[row]]
        for frame in range(samples.shape[1]):
            newest = channel["clock"] % KEPT
            for n in range(FRAME_SAMPLES):
                channel["samples"][newest, n] = samples[row, frame, n]
            weigh(products, row, frame, room)
            label, energy, sure = see(channel, profile["least_bin"], room)
            channel["guesses"][newest] = channel["guess"]
            if channel["alive"]:
                go_on(channel, label, energy, profile, room, outcomes)
            going_on = channel["alive"] and channel["key"] == label
            if label >= 0 and label == channel["label"] and (sure or channel["sure"]) and not going_on:
                create(channel, label, channel["clock"] - 1)
            channel["label"] = label
            channel["sure"] = sure
            channel["energy_before"] = channel["energy"]
            channel["energy"] = energy
            channel["clock"] += 1
    return int(room["told"])
