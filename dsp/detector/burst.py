"""Finds a burst of a tone pair and measures where it is, from its samples.

The pair is fitted to each hop of 5 ms by least squares (`goertzel.pair_columns`). EXPLAINED is the energy that the pair
explains, and ENERGY is all energy except the nuisances'. The fit also gives the amplitudes of the low and the high tone
as complex numbers. From these follow where the pair is on, for how long, and how pure it is; the phase advance between
hops shows how far off its tones are. All of it is compiled code: loops over the hops of one burst.

A look is a run of hops whose fits are laid out in the scratch record; t counts its hops. What is computed hop by hop is
left in that record, too.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dsp.detector.records import AMPLITUDES, ENERGY, EXPLAINED, FITTED, KEPT, Flag, Record
from dsp.kernel.compiled import inlined, inner
from dsp.kernel.goertzel import HOP, HOPS, Floats, pair_columns, pair_triangles

EDGE_GAIN: Final = np.float32(1.8)
"""A hop of which the tone covers the fraction c has c*c of a full hop's explained energy; we use min(1.8 c*c, 1) for c,
which clips level changes of 2.5 dB within a tone (echoes)."""
EDGE_MOST: Final = 1 / EDGE_GAIN
"""Below this share of a full hop's energy, times the gain, we use the root for c; here the two curves meet."""
STRONG: Final = np.float32(0.55)
"""A hop that is more on than this belongs to the tone; one that is less on is a gap or an edge."""
MIN_FRACTION: Final = np.float32(0.5)
"""A hop whose energy has less than this share in the pair counts as empty."""
FULL: Final = np.float32(0.9)
"""A hop that is more on than this is wholly tone."""
EVEN: Final = np.float32(1)
"""If a tone keeps its level, a full hop explains as much energy as its loudest hops."""
STEPPED: Final = np.float32(0.2)
"""If a tone's level steps by 6 dB, a full hop may explain only this share of it."""
GOOD_FRACTION: Final = np.float32(0.6)
"""The least share of the pair in the energy of a hop whose phase is trusted."""
PROMISING_FRACTION: Final = np.float32(0.75)
"""The least share in hops that make a look worth measuring; a key that is heard has 0.81 on average."""
MIN_NEIGHBOURS: Final = 3
"""The least number of pairs of pure neighbouring hops in a look worth measuring: as many as phase advances are
needed."""
TINY: Final = np.float32(1e-6)

_ZERO: Final = np.float32(0)
_ONE: Final = np.float32(1)
_COLUMNS: Final = pair_columns().swapaxes(1, 2).copy()
"""The columns of each key as rows, shape (16, 10, 40)."""
_TRIANGLES: Final = pair_triangles()
_AMPLITUDES, _NUISANCES = 4, 10
"""The columns before _AMPLITUDES give the amplitudes; those from there to _NUISANCES give the nuisances."""


@inner
def dot(left: Floats, right: Floats) -> np.float32:
    """Return the inner product of two vectors."""
    total = _ZERO
    for n in range(len(left)):  # the compiler must not know the number of rounds: it would unroll, not vectorise
        total += left[n] * right[n]
    return total


@inner
def fit(channel: Record, frame: int) -> None:
    """Fit the pair of the lane's key to each hop of one of the last KEPT frames."""
    samples = channel["samples"][frame % KEPT]
    for part in range(HOPS):
        fit_hop(samples[part * HOP : (part + 1) * HOP], channel["key"], channel["fits"], frame * HOPS + part)


@inlined
def fit_hop(samples: Floats, key: int, fits: Floats, hop: int) -> None:
    """Fit a key's pair to the samples of a hop, and write the result to its row of the fits."""
    place = hop % FITTED
    for column in range(_AMPLITUDES):
        fits[place, AMPLITUDES + column] = dot(samples, _COLUMNS[key, column])
    explained = _ZERO
    for row in range(_AMPLITUDES):
        product = _ZERO
        for column in range(row, _AMPLITUDES):
            product += _TRIANGLES[key, row, column] * fits[place, AMPLITUDES + column]
        explained += product * product
    energy = dot(samples, samples)
    for column in range(_AMPLITUDES, _NUISANCES):
        energy -= dot(samples, _COLUMNS[key, column]) ** 2
    fits[place, EXPLAINED] = explained
    fits[place, ENERGY] = energy


@inner
def look(channel: Record, begin: int, hops: int, scratch: Record) -> None:
    """Lay out the fits of `hops` hops from hop `begin` on: the look."""
    fits = channel["fits"]
    for t in range(hops):
        place = (begin + t) % FITTED
        scratch["explained"][t] = fits[place, EXPLAINED]
        scratch["energy"][t] = fits[place, ENERGY]
        scratch["re"][0, t] = fits[place, AMPLITUDES]
        scratch["im"][0, t] = fits[place, AMPLITUDES + 1]
        scratch["re"][1, t] = fits[place, AMPLITUDES + 2]
        scratch["im"][1, t] = fits[place, AMPLITUDES + 3]


@inner
def promising(hops: int, scratch: Record) -> Flag:
    """Return whether the pair is pure in enough neighbouring hops for the look to be worth measuring."""
    explained, energy = scratch["explained"], scratch["energy"]
    neighbours, before = 0, False
    for t in range(hops):
        clean = explained[t] > PROMISING_FRACTION * energy[t]
        if clean and before:
            neighbours += 1
        before = clean
    return neighbours >= MIN_NEIGHBOURS


@inner
def full_hop(hops: int, scratch: Record) -> np.float32:
    """Return the explained energy of a full hop: the largest average over four neighbouring hops."""
    most = first = second = third = _ZERO
    for t in range(hops):
        explained = scratch["explained"][t]
        if not explained > MIN_FRACTION * scratch["energy"][t]:
            explained = _ZERO
        most = max(most, (explained + third) + (second + first))
        first, second, third = second, third, explained
    return most / np.float32(4)


@inner
def activity(hops: int, fresh: int, plateau: np.float32, before: Flag, scratch: Record) -> None:
    """Compute how much of each hop is `on`, and which hops are `strong`.

    Args:
        hops: the number of hops in the look.
        fresh: hops before this one do not count.
        plateau: explained energy of a full hop.
        before: whether the hop before the look is strong.
        scratch: holds the look, and gets the results.
    """
    explained, energy, on, strong = scratch["explained"], scratch["energy"], scratch["on"], scratch["strong"]
    gain = EDGE_GAIN / max(plateau, TINY)
    for t in range(hops):
        pure = t >= fresh and explained[t] > MIN_FRACTION * energy[t]
        on[t] = min(explained[t] * gain, _ONE) if pure else _ZERO
        strong[t] = on[t] > STRONG
    for t in range(fresh, hops):
        if strong[t]:
            continue
        follows = strong[t - 1] if t > 0 else before
        precedes = t + 1 < hops and strong[t + 1]
        if follows or precedes:
            on[t] = np.sqrt(min(explained[t] * gain, EDGE_MOST) * EDGE_MOST)


@inner
def missing(t: int, hops: int, scratch: Record) -> np.float32:
    """Return how much of a hop that is not strong belongs to a gap.

    All of it does, unless the tone starts or ends in it. What is left of the pair within a gap is an echo.
    """
    strong = scratch["strong"]
    if (t > 0 and strong[t - 1]) or (t + 1 < hops and strong[t + 1]):
        return _ONE - np.float32(scratch["on"][t])
    return _ONE


class Extent(NamedTuple):
    """The place of the first burst in a look; times are in hops from the look's first hop.

    Attributes:
        found: whether there is a burst.
        closed: whether a gap follows that is long enough to end it.
        begin, end: its edges, to a fraction of a hop.
        first, last: its first and last strong hop.
        resume: the hop at which the gap became long enough (for a closed burst), else one past the last hop.
        duration: how much of the burst is on, in hops.
        gap: how much is missing since the last strong hop, in hops (for an open burst).
        plateau: explained energy of a full hop.
    """

    found: bool
    closed: bool
    begin: float
    end: float
    first: int
    last: int
    resume: int
    duration: float
    gap: np.float32
    plateau: np.float32


@inner
def locate(hops: int, min_gap: float, share: np.float32, scratch: Record) -> Extent:
    """Find the first burst of the look; a gap of `min_gap` hops ends it.

    This also computes which hops, from the burst's first to its last, are `clean`: wholly and purely tone.

    Args:
        hops: the number of hops in the look.
        min_gap: the length of a gap that ends a burst, in hops.
        share: a hop is full if it explains this share of what the loudest hops explain.
        scratch: holds the look, and gets the results.
    """
    on, strong, clean = scratch["on"], scratch["strong"], scratch["clean"]
    plateau = share * full_hop(hops, scratch)
    activity(hops, 0, plateau, False, scratch)
    first, found = 0, False
    for t in range(hops):
        if strong[t]:
            first, found = t, True
            break
    last, resume, gap = first, hops, _ZERO
    for t in range(first + 1, hops):
        if strong[t]:
            last, gap = t, _ZERO
        else:
            gap += missing(t, hops, scratch)
            if gap >= min_gap:
                resume = t
                break
    duration = _ZERO
    for t in range(first, last + 1):
        pure = scratch["explained"][t] > GOOD_FRACTION * scratch["energy"][t]
        clean[t] = strong[t] != 0 and pure and on[t] > FULL
        duration += on[t]
    edge_before = on[first - 1] if first > 0 else _ZERO
    edge_after = on[last + 1] if last + 1 < hops else _ZERO
    return Extent(
        found,
        resume < hops,
        first + 1 - np.float64(on[first] + edge_before),
        last + np.float64(on[last] + edge_after),
        first,
        last,
        resume,
        np.float64(edge_before + duration + edge_after),
        gap,
        plateau,
    )
