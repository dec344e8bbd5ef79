"""Measuring: what a burst of a tone pair is, from its samples.

Everything here works on many bursts at once, each a window of hops of 5 ms (axis names: k bursts, t hops); the
bursts are the last axis, so that sums over hops run along memory.
In each hop the pair is fitted by least squares (`goertzel.pair_columns`); `q` is the energy that it explains and
`e` all energy but the nuisances'. From these follow where the pair is on, for how long, how pure it is, and,
from the phase advance between hops, how far its tones are off.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.goertzel import HOP, RATE, Floats, hop_rotation, key_frequencies, pair_columns

EDGE_GAIN: Final = np.float32(1.8)
"""A hop covered by the fraction c holds c*c of a full hop's explained energy; min(1.8 c*c, 1) stands for c, and
clips level changes of 2.5 dB within a tone (echoes)."""
EDGE_MOST: Final = 1 / EDGE_GAIN
"""Below this share of a full hop's energy, times the gain, the root stands for c, where the curves meet."""
STRONG: Final = np.float32(0.35)
"""A hop more on than this belongs to the tone; less is a gap or an edge."""
MIN_FRACTION: Final = np.float32(0.5)
"""Share of the pair in a hop's energy, below which the hop counts as empty."""
FULL: Final = np.float32(0.9)
"""Hops as much on are wholly tone."""
GOOD_FRACTION: Final = np.float32(0.6)
"""The same for hops whose phase is trusted."""
PHASE_TOLERANCE: Final = np.float32(0.5)
"""Phase advances within as many rad of the burst's own are in line. An echo 10 dB down turns a phase by 0.32 rad
once, noise 15 dB down that of the weaker tone by 0.12 rad (1 sigma)."""
MIN_IN_LINE: Final = 3
"""Phase advances that agree: fewer prove no frequency."""
MANY: Final = 5
"""With as many phase advances in line, the two largest steps are left out of the frequency."""

PROMISING_FRACTION: Final = np.float32(0.75)
"""The same for hops that make a window worth measuring; a key that is heard has 0.81 on average."""
TINY: Final = np.float32(1e-6)
LONGEST: Final = 32
"""Hops that a window may have."""

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]

_TIMES: Final = np.arange(LONGEST)[:, None]
_SMALL_TIMES: Final = np.arange(LONGEST, dtype=np.int8)[:, None]
_COLUMNS: Final = pair_columns()
_ROTATION: Final = hop_rotation().T.copy()
_PERCENT: Final = np.float32(100 * RATE / (2 * np.pi * HOP)) / key_frequencies().T
"""Offset in percent of a tone whose phase advances by 1 rad a hop more than it should, (2, 16)."""
_ONES: Final = np.ones(HOP, np.float32)
_UP_TO: Final = np.tril(np.ones((LONGEST, LONGEST), np.float32))
_OUTWARD: Final = np.array([[0], [2]])
"""Rows from the one before a first hop to the ones before it and after a last hop, where a row is put before all."""
_ENERGIES: Final = np.repeat(np.array([[0, 0], [1, 0], [0, -1]], np.float32), (4, 4, 6), axis=0)
"""(14, 2): from squared products to explained energy, and to what the nuisances take off all energy."""


class Fit(NamedTuple):
    """The pair in each hop: explained energy and all energy but the nuisances', (2, t, k); amplitudes of the low and
    the high tone as complex numbers, (2, t, k)."""

    energies: Floats
    tones: NDArray[np.complex64]

    def of(self, bursts: Ints) -> Fit:
        """The same for some of the bursts."""
        return Fit(self.energies.take(bursts, axis=2), self.tones.take(bursts, axis=2))


def fit(keys: NDArray[np.int8], windows: NDArray[np.int16]) -> Fit:
    """Fit each burst's pair in every hop.

    Args:
        keys: (k,) indices in `KEYS`.
        windows: (k, samples) with a whole number of hops.
    """
    count = len(windows)
    samples = windows.astype(np.float32).reshape(count, -1, HOP)
    products = samples @ _COLUMNS.take(keys, axis=0)
    tones = products[:, :, :4].view(np.complex64).transpose(2, 1, 0).copy()
    np.square(products, out=products)
    np.square(samples, out=samples)
    energies: Floats = np.matmul(products.reshape(-1, len(_ENERGIES)), _ENERGIES).reshape(count, -1, 2)
    energies[:, :, 1] += (samples.reshape(-1, HOP) @ _ONES).reshape(count, -1)
    return Fit(energies.transpose(2, 1, 0).copy(), tones)


def promising(fitted: Fit) -> Bools:
    """Windows that show the pair purely in enough neighbouring hops to be worth a look, (k,)."""
    explained, energy = fitted.energies
    clean = explained > PROMISING_FRACTION * energy
    neighbours: Bools = np.add.reduce(clean[1:] & clean[:-1], dtype=np.int8) >= MIN_IN_LINE
    return neighbours


class Extent(NamedTuple):
    """Where the first burst in each window is, (k,) each; times in hops from the window's start.

    Attributes:
        found: there is one.
        closed: it is followed by a gap long enough to end it.
        begin, end: its edges, to a fraction of a hop.
        first, last: its first and last strong hop.
        resume: the hop at which the gap was long enough (closed bursts).
        duration: how much of it is on, in hops.
        gap: how much is missing since the last strong hop, in hops (open bursts).
        plateau: explained energy of a full hop.
        clean: its hops that are wholly and purely tone, (t, k).
    """

    found: Bools
    closed: Bools
    begin: Doubles
    end: Doubles
    first: Ints
    last: Ints
    resume: Ints
    duration: Doubles
    gap: Floats
    plateau: Floats
    clean: Bools


def activity(
    explained: Floats, plateau: Floats, pure: Bools, usable: Bools, before: Bools | bool
) -> tuple[Floats, Bools]:
    """How much of each hop is on, 0 to 1, and which hops are strong, (t, k) both.

    Args:
        explained: energy that the pair explains in each hop, (t, k).
        plateau: that of a full hop, (k,).
        pure: usable hops of which the pair is the most, (t, k).
        usable: hops that may count, (t, k).
        before: the hop before the window is strong, (k,).
    """
    share = explained * (EDGE_GAIN / np.maximum(plateau, TINY))
    on = np.minimum(share, np.float32(1))
    on *= pure
    around = np.empty((len(on) + 2, on.shape[1]), np.bool_)
    strong = np.greater(on, STRONG, out=around[1:-1])
    around[0] = before
    around[-1] = False
    beside = around[2:] | around[:-2]
    beside &= usable > strong
    np.minimum(share, EDGE_MOST, out=share)
    share *= EDGE_MOST
    np.sqrt(share, out=on, where=beside)
    return on, strong


def running_sum(values: Floats) -> Floats:
    """Sums over the hops up to and with each, (t, k): as a matrix product, which takes a tenth of cumsum's time."""
    hops = len(values)
    sums: Floats = np.matmul(_UP_TO[:hops, :hops], values)
    return sums


def since_strong(missing: Floats, strong: Bools) -> Floats:
    """How much is missing since the last strong hop, or from the start, (t, k).

    Args:
        missing: how much is missing up to and with each hop, (t, k).
        strong: (t, k).
    """
    since: Floats = missing - np.maximum.accumulate(missing * strong)
    return since


def locate(fitted: Fit, start: Ints, min_gap: float) -> Extent:
    """Find the first burst of each window at or after hop `start`; a gap of `min_gap` hops ends it."""
    explained, energy = fitted.energies
    hops, count = explained.shape
    times = _TIMES[:hops]
    usable = times >= start
    pure = explained > MIN_FRACTION * energy
    pure &= usable
    counted = explained * pure
    pairs = counted[1:] + counted[:-1]
    plateau = np.maximum.reduce(pairs[2:] + pairs[:-2])
    plateau *= np.float32(0.25)
    on, strong = activity(explained, plateau, pure, usable, False)
    missing = running_sum(1 - on)
    since = since_strong(missing, strong)
    ends = np.empty((2, count), np.int64)
    first, last = ends
    strong.argmax(axis=0, out=first)
    resume = first_gap(since, min_gap, times > first)
    inside = strong & (times < resume)
    np.subtract(hops - 1, inside[::-1].argmax(axis=0), out=last)
    padded = np.zeros((hops + 2, count), np.float32)
    padded[1:-1] = on
    place = ends * count
    place += np.arange(count)
    at_ends = missing.take(place)
    inner = padded.take(place + count)
    outer = padded.take(place + _OUTWARD * count)
    edges = inner + outer
    clean = on > FULL
    clean &= inside
    clean &= explained > GOOD_FRACTION * energy
    return Extent(
        found=inner[0] > STRONG,
        closed=resume < hops,
        begin=first + 1 - edges[0],
        end=last + edges[1],
        first=first,
        last=last,
        resume=resume,
        duration=last - first - (at_ends[1] - at_ends[0]) + edges[0] + outer[1],
        gap=since[-1],
        plateau=plateau,
        clean=clean,
    )


def first_gap(since: Floats, min_gap: float, counts: Bools | None = None) -> Ints:
    """The hop at which a gap since the last strong one is long enough, or one past the last hop, (k,).

    Args:
        since: as `since_strong` has it.
        min_gap: in hops.
        counts: hops that count, (t, k), or all.
    """
    over = np.empty((len(since) + 1, since.shape[1]), np.bool_)
    over[-1] = True
    np.greater_equal(since, min_gap, out=over[:-1])
    if counts is not None:
        over[:-1] &= counts
    hop: Ints = over.argmax(axis=0)
    return hop


class Measures(NamedTuple):
    """Figures of bursts, (k,) or (2, k) for the low and the high tone.

    Attributes:
        power: squared peak amplitudes in sample units, (2, k).
        offset_percent: measured frequencies against nominal, (2, k).
        purity: share of the pair in all energy but the nuisances'.
        in_line: how many phase advances are in line.
        jitter: mean square of these about their mean, rad^2, the worse of the tones.
        splices: how often the phase jumped.
        drift: how far the phase bends away from that of a steady frequency, in rad, the worse of the tones: the
            coefficient of the second Legendre polynomial over the burst. A tone that glides by a Hz/s over T s
            has pi/6 a T^2.
        ripple: spread of the amplitude over the hops against its mean, the worse of the tones.
        idle: share of the hops between first and last that show no steady tone.
    """

    power: Floats
    offset_percent: Floats
    purity: Floats
    in_line: Floats
    jitter: Floats
    splices: NDArray[np.int8]
    drift: Floats
    ripple: Floats
    idle: Floats


def _legendre_table(longest: int) -> Floats:
    """Row n: what each phase advance of a burst of n hops adds to `Measures.drift`, from column `longest` on; zeros
    about it.

    An advance is in the phase of all later hops, so that this is the sum from each hop to the last of the second
    Legendre polynomial over n hops, free of a mean and by its own energy.
    """
    table = np.zeros((longest + 1, 3 * longest), np.float32)
    for hops in range(3, longest + 1):
        place = np.linspace(-1, 1, hops)
        shape = 1.5 * place * place - 0.5
        shape -= shape.mean()
        table[hops, longest : longest + hops] = shape[::-1].cumsum()[::-1] / (shape @ shape)
    return table


_LEGENDRE: Final = _legendre_table(LONGEST)


def _near(residual: Floats) -> Bools:
    """Advances of which both tones' residuals (2, t, k) are within the tolerance."""
    size = np.abs(residual)
    near: Bools = np.maximum(size[0], size[1]) < PHASE_TOLERANCE
    return near


def measure(keys: NDArray[np.int8], fitted: Fit, first: Ints, last: Ints, both: Bools) -> Measures:
    """Level, frequency, purity and steadiness of located bursts.

    The frequency is that of the most common phase advance between neighbouring hops. A lost packet makes the
    phase jump: one advance is out of line, or two around a hop that the jump falls into. Such hops are left
    out of all figures and counted as a splice.

    Args:
        keys: (k,) indices in `KEYS`.
        fitted: of the bursts.
        first, last: their first and last strong hop.
        both: advances between clean hops, (t - 1, k).
    """
    tones = fitted.tones
    advance = tones[:, 1:] * tones[:, :-1].conj()
    common = np.add.reduce(advance * both, axis=1)
    advance *= common.conj()[:, None]
    residual = np.arctan2(advance.imag, advance.real)
    in_line = _near(residual)
    in_line &= both
    first_centre = np.add.reduce(residual * in_line, axis=1)
    first_centre /= np.maximum(np.add.reduce(in_line, dtype=np.float32), 1)
    residual -= first_centre[:, None]
    framed = np.zeros((len(both) + 2, len(keys)), np.bool_)
    in_line = np.logical_and(_near(residual), both, out=framed[1:-1])
    count = np.add.reduce(in_line, dtype=np.float32)
    some = np.maximum(count, 1)
    residual *= in_line
    centre = np.add.reduce(residual, axis=1)
    centre /= some
    residual -= centre[:, None] * in_line
    jitter = np.maximum.reduce(np.add.reduce(np.square(residual), axis=1)) / some
    splices = np.add.reduce(framed[1:] > framed[:-1], dtype=np.int8) - np.int8(1)

    # a large step may be a splice of small angle, over two advances, or an echo's begin: a glide has none
    step = np.add.reduce(np.abs(residual))
    largest = (step[1:] + step[:-1]).argmax(axis=0).astype(np.int8)
    # as unsigned numbers, places before it are large
    calm = (_SMALL_TIMES[: len(both)] - largest).view(np.uint8) > 1
    calm &= in_line
    residual *= calm
    refined = np.add.reduce(residual, axis=1)
    refined /= np.maximum(np.add.reduce(calm, dtype=np.float32), 1)
    refined *= count >= MANY
    turned = common * _ROTATION.take(keys, axis=1)
    offset = np.arctan2(turned.imag, turned.real)
    offset += first_centre
    offset += centre
    offset += refined
    length = last - first + 1
    place = _TIMES[1 : len(both) + 1] + (length * _LEGENDRE.shape[1] + (LONGEST - first))
    residual *= _LEGENDRE.take(place)
    drift = np.maximum.reduce(np.abs(np.add.reduce(residual, axis=1)))

    used = framed[1:] | framed[:-1]
    weight = np.add.reduce(used, dtype=np.float32)
    amplitude = np.abs(tones)
    amplitude *= used
    hops = np.maximum(weight, 1)
    mean = np.add.reduce(amplitude, axis=1)
    mean /= hops
    apparent = np.add.reduce(np.square(amplitude, out=amplitude), axis=1)
    apparent /= hops
    spread = apparent / np.maximum(np.square(mean), TINY)
    ripple = np.sqrt(np.maximum(np.maximum(spread[0], spread[1]) - 1, 0))
    # a tone off its nominal frequency is explained less by the fit, in power by (sin(x/2) / (x/2))^2, x the offset in
    # rad a hop: here to the fourth order, 0.1 % wrong at 1.3 rad
    bend = np.square(offset)
    power = apparent / (1 - bend * (np.float32(1 / 12) - bend * np.float32(1 / 360)))
    explained, energy = np.add.reduce(fitted.energies * used, axis=1)
    share = explained * np.add.reduce(power) / np.maximum(energy * np.add.reduce(apparent), TINY)
    return Measures(
        power=power,
        offset_percent=offset * _PERCENT.take(keys, axis=1),
        purity=np.minimum(share, np.float32(1)),
        in_line=count,
        jitter=jitter,
        splices=splices,
        drift=drift,
        ripple=ripple,
        idle=1 - weight / length,
    )
