"""The screen: which 20 ms frames might hold a key, at a cost that every frame of every channel can bear.

A frame is seen as two windows of 10 ms, so that a phase jump (a lost packet) spoils one of them at most. The
energies of each tone's bin are added over the two; the strongest low and the strongest high tone must hold a
good share of the frame's energy. That energy is taken only where it matters (`see`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.detector.burst import dot
from dsp.detector.records import KEPT, NO_LABEL, UNSEEN, Flag, Record
from dsp.kernel.compiled import inner
from dsp.kernel.goertzel import HALF, Floats, screen_columns
from dsp.tones import HIGH_HZ, LOW_HZ
from sound.telephone import FRAME_SAMPLES

SHARE: Final = np.float32(0.33)
"""Least share of the energy in the pair. One clean half of two is 0.5; tones 1.8 % off lose a fifth of that."""
SURE: Final = np.float32(0.65)
"""Share of the energy that one of a lane's first two frames must have. Every tone of 40 ms covers a frame, or half
of one with the rest silent; of the frames of speech that have SHARE one in eight has a neighbour with this."""
LOPSIDED: Final = np.float32(10 ** (-17 / 10))
"""Least ratio of the weaker to the stronger tone: the tightest twist test that no half-covered frame fails."""

_ZERO: Final = np.float32(0)
_ENERGY_OF_BIN: Final = np.float32(2 / HALF)
_LOWS: Final = len(LOW_HZ)
_TONES: Final = len(LOW_HZ) + len(HIGH_HZ)
_NUISANCE: Final = screen_columns()[1].T.copy()
_NUISANCES: Final = len(_NUISANCE)


@inner
def weigh(products: Floats, row: int, frame: int, scratch: Record) -> None:
    """Take the energy of each tone's bin in a frame to the scratch record: Re^2 + Im^2, added over the two halves.

    Args:
        products: of each frame's halves with `goertzel.screen_columns`, (n, frames, 32).
        row, frame: which.
        scratch: for the result.
    """
    for tone in range(_TONES):
        scratch["tones"][tone] = (
            products[row, frame, tone] ** 2
            + products[row, frame, tone + _TONES] ** 2
            + products[row, frame, tone + 2 * _TONES] ** 2
            + products[row, frame, tone + 3 * _TONES] ** 2
        )


@inner
def guess(least_bin: np.float32, scratch: Record) -> tuple[int, np.float32]:
    """The nearest key of the frame that was weighed, and the energy of its pair, in sample units squared.

    NO_LABEL and 0 if there are no two tones of fair level; `least_bin` is the energy of a tone's bins that must not be
    overlooked.
    """
    tones = scratch["tones"]
    low = max(max(tones[0], tones[1]), max(tones[2], tones[3]))
    high = max(max(tones[4], tones[5]), max(tones[6], tones[7]))
    weaker, pair = min(low, high), low + high
    if not (weaker > LOPSIDED * pair and weaker > least_bin):
        return NO_LABEL, _ZERO
    row = column = 0
    while tones[row] < low:
        row += 1
    while tones[_LOWS + column] < high:
        column += 1
    return 4 * row + column, pair * _ENERGY_OF_BIN


@inner
def share(channel: Record, frame: int, key: int, energy: np.float32, expected: Flag) -> tuple[int, np.float32, Flag]:
    """Compare the energy of a guessed key's pair with all energy of its frame, one of the last KEPT.

    Returns:
        The key, or NO_LABEL if the share is too small; the energy, 0 without a label; whether the share is large,
        which is not found out if the key is `expected`: of a lane's own label nobody asks.
    """
    samples = channel["samples"][frame % KEPT]
    total = dot(samples, samples)
    # the nuisances matter only where the share is not large with them, too
    if energy <= (SHARE if expected else SURE) * total:
        for half in range(0, FRAME_SAMPLES, HALF):
            for column in range(_NUISANCES):
                total -= dot(samples[half : half + HALF], _NUISANCE[column]) ** 2
    if not energy > SHARE * total:
        return NO_LABEL, _ZERO, False
    return key, energy, energy > SURE * total


@inner
def see(channel: Record, least_bin: np.float32, scratch: Record) -> tuple[int, np.float32, Flag]:
    """Label a channel's newest frame, which was weighed.

    A label tells something to a lane, or beside an equal one. Where there is no lane, a frame whose neighbour looks
    different is left UNSEEN; if the next looks the same, both are labelled then.

    Returns:
        The label, an index in `KEYS`, NO_LABEL or UNSEEN; the pair's energy; whether it is nearly all energy.
    """
    at, before = channel["clock"], channel["guess"]
    key, energy = guess(least_bin, scratch)
    channel["guess"] = key
    if key == NO_LABEL:
        return NO_LABEL, energy, False
    if key != before and not channel["alive"]:
        return UNSEEN, energy, False
    if channel["label"] == UNSEEN:
        label, left, sure = share(channel, at - 1, before, channel["energy"], False)
        channel["label"], channel["energy"], channel["sure"] = label, left, sure
    return share(channel, at, key, energy, channel["alive"] and key == channel["key"])
