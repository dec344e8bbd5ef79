"""The screen: finds the 20 ms frames that might hold a key, at a cost that every frame of every channel can bear.

A frame is seen as two windows of 10 ms, so that a phase jump (a lost packet) spoils at most one of them. The energies
of each tone's bin are added over the two. The strongest low and the strongest high tone must hold a good share of the
frame's energy, which is computed only where it matters (`see`).
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
"""The least share of the energy in the pair. One clean half of two gives 0.5; tones 1.8 % off lose a fifth of that."""
SURE: Final = np.float32(0.65)
"""The share of the energy that one of a lane's first two frames must have. Every tone of 40 ms covers a frame, or half
of one with the rest silent. Of the speech frames that have SHARE, one in eight has a neighbour with this."""
LOPSIDED: Final = np.float32(10 ** (-17 / 10))
"""The least ratio of the weaker to the stronger tone: the tightest twist test that no half-covered frame fails."""

_ZERO: Final = np.float32(0)
_ENERGY_OF_BIN: Final = np.float32(2 / HALF)
_LOWS: Final = len(LOW_HZ)
_TONES: Final = len(LOW_HZ) + len(HIGH_HZ)
_NUISANCE: Final = screen_columns()[1].T.copy()
_NUISANCES: Final = len(_NUISANCE)


@inner
def weigh(products: Floats, row: int, frame: int, scratch: Record) -> None:
    """Write the energy of each tone's bin in a frame to the scratch record: Re^2 + Im^2, added over the two halves.

    Args:
        products: the products of each frame's halves with `goertzel.screen_columns`, (n, frames, 32).
        row, frame: the place of the frame.
        scratch: gets the result.
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
    """Return the nearest key of the weighed frame, and the energy of its pair in sample units squared.

    This returns NO_LABEL and 0 if there are no two tones of fair level. `least_bin` is the energy of a tone's bins that
    must not be overlooked.
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
        The key, or NO_LABEL if its share is too small; the energy, 0 without a label; and whether the share is large.
        If the key is `expected`, that is not computed: a lane's own label does not need it.
    """
    samples = channel["samples"][frame % KEPT]
    total = dot(samples, samples)
    # the nuisances matter only if the share is not large even with them
    if energy <= (SHARE if expected else SURE) * total:
        for half in range(0, FRAME_SAMPLES, HALF):
            for column in range(_NUISANCES):
                total -= dot(samples[half : half + HALF], _NUISANCE[column]) ** 2
    if not energy > SHARE * total:
        return NO_LABEL, _ZERO, False
    return key, energy, energy > SURE * total


@inner
def see(channel: Record, least_bin: np.float32, scratch: Record) -> tuple[int, np.float32, Flag]:
    """Label a channel's newest frame, which was weighed before.

    A label matters only to a lane, or next to an equal one. If there is no lane, a frame that looks different from the
    one before is left UNSEEN; if the next one looks the same, both are then labelled.

    Returns:
        The label (an index in `KEYS`, NO_LABEL or UNSEEN); the pair's energy; whether that is nearly all energy.
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
