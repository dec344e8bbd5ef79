"""Measuring: what a burst of a tone pair is, from its samples.

Everything here works on many bursts at once, each a window of hops of 5 ms (axis names: k bursts, t hops); the
bursts are the last axis, so that sums over hops run along memory.
In each hop the pair is fitted by least squares (`goertzel.pair_rows`); `q` is the energy that it explains and
`e` all energy but the nuisances'. From these follow where the pair is on, for how long, how pure it is, and,
from the phase advance between hops, how far its tones are off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.goertzel import HOP, RATE, Floats, hop_rotation, key_frequencies, pair_rows

EDGE_GAIN: Final = np.float32(1.8)
"""A hop covered by the fraction c holds c*c of a full hop's explained energy; min(1.8 c*c, 1) stands for c, and
clips level changes of 2.5 dB within a tone (echoes)."""
EDGE_MOST: Final = np.float32(1 / 1.8**2)
"""Below this share of a full hop's energy the root stands for c, where the curves meet."""
STRONG: Final = 0.35
"""A hop more on than this belongs to the tone; less is a gap or an edge."""
MIN_FRACTION: Final = 0.5
"""Share of the pair in a hop's energy, below which the hop counts as empty."""
FULL: Final = 0.9
"""Hops as much on are wholly tone."""
GOOD_FRACTION: Final = 0.6
"""The same for hops whose phase is trusted."""
PHASE_TOLERANCE: Final = np.float32(0.5)
"""Phase advances within as many rad of the burst's own are in line. An echo 10 dB down turns a phase by 0.32 rad
once, noise 15 dB down that of the weaker tone by 0.12 rad (1 sigma)."""
MIN_IN_LINE: Final = 3
"""Phase advances that agree: fewer prove no frequency."""
MANY: Final = 5
"""With as many phase advances in line, the two largest steps are left out of the frequency."""

PROMISING_FRACTION: Final = 0.75
"""The same for hops that make a window worth measuring; a key that is heard has 0.81 on average."""
TINY: Final = np.float32(1e-6)
LONGEST: Final = 32
"""Hops that a window may have."""
_TIMES: Final = np.arange(LONGEST)[:, None]

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_ROWS, _ROTATION, _FREQUENCY = pair_rows(), hop_rotation().T.copy(), key_frequencies().T.copy()


@dataclass(frozen=True, slots=True)
class Fit:
    """The pair in each hop: explained energy, all energy, whether the first is most of the second, (t, k); and the
    products with `pair_rows`, (14, t, k)."""

    explained: Floats
    energy: Floats
    pure: Bools
    products: Floats

    def of(self, bursts: Ints) -> Fit:
        """The same for some of the bursts."""
        return Fit(self.explained[:, bursts], self.energy[:, bursts], self.pure[:, bursts], self.products[:, :, bursts])


def fit(keys: NDArray[np.int8], windows: NDArray[np.int16]) -> Fit:
    """Fit each burst's pair in every hop.

    Args:
        keys: (k,) indices in `KEYS`.
        windows: (k, samples) with a whole number of hops.
    """
    hops = windows.astype(np.float32).reshape(len(windows), -1, HOP)
    products = np.matmul(_ROWS[keys], hops.swapaxes(1, 2)).transpose(1, 2, 0).copy()
    squares = np.square(products[:10])
    explained = np.add.reduce(squares[:4])
    energy = np.einsum("kth,kth->kt", hops, hops).T - np.add.reduce(squares[4:])
    return Fit(explained, energy, explained > MIN_FRACTION * energy, products)


def promising(fitted: Fit) -> Bools:
    """Windows that show the pair purely in enough neighbouring hops to be worth a look, (k,)."""
    clean = fitted.explained > PROMISING_FRACTION * fitted.energy
    neighbours: Bools = np.add.reduce(clean[1:] & clean[:-1], dtype=np.int8) >= MIN_IN_LINE
    return neighbours


@dataclass(frozen=True, slots=True)
class Extent:
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
        on: how much of each hop is on, 0 to 1, (t, k).
    """

    found: Bools
    closed: Bools
    begin: Floats
    end: Floats
    first: Ints
    last: Ints
    resume: Ints
    duration: Floats
    gap: Floats
    plateau: Floats
    on: Floats


def activity(fitted: Fit, plateau: Floats, usable: Bools, strong_before: Bools | bool) -> tuple[Floats, Bools]:
    """How much of each hop is on, 0 to 1, and which hops are strong, (t, k) both.

    Args:
        fitted: the pair in each hop.
        plateau: explained energy of a full hop, (k,).
        usable: hops that may count, (t, k).
        strong_before: the hop before the window is strong, (k,).
    """
    share = fitted.explained / np.maximum(plateau, TINY)
    on = np.minimum(share * EDGE_GAIN, np.float32(1))
    on *= fitted.pure & usable
    strong = on > STRONG
    beside = np.empty_like(strong)
    beside[1:] = strong[:-1]
    beside[0] = strong_before
    beside[:-1] |= strong[1:]
    beside &= usable > strong
    np.copyto(on, np.sqrt(np.minimum(share, EDGE_MOST)), where=beside)
    return on, strong


def locate(fitted: Fit, start: Ints, min_gap: float) -> Extent:
    """Find the first burst of each window at or after hop `start`; a gap of `min_gap` hops ends it."""
    hops, count = fitted.explained.shape
    times = _TIMES[:hops]
    usable = times >= start
    explained = fitted.explained * (fitted.pure & usable)
    pairs = explained[1:] + explained[:-1]
    plateau = np.maximum.reduce(pairs[2:] + pairs[:-2]) * np.float32(0.25)
    on, strong = activity(fitted, plateau, usable, False)
    first = strong.argmax(axis=0)
    missing = (1 - on).cumsum(axis=0)
    since = missing - np.maximum.accumulate(missing * strong)
    over = (since >= min_gap) & (times > first)
    closed = np.logical_or.reduce(over)
    resume = np.where(closed, over.argmax(axis=0), hops)
    inside = strong & (times < resume)
    last = hops - 1 - inside[::-1].argmax(axis=0)
    lanes = np.arange(count)
    padded = np.zeros((hops + 2, count), np.float32)
    padded[1:-1] = on
    before, after = padded[first, lanes], padded[last + 2, lanes]
    first_on, last_on = on[first, lanes], on[last, lanes]
    between = (last - first) - (missing[last, lanes] - missing[first, lanes])
    return Extent(
        found=strong[first, lanes],
        closed=closed,
        begin=(first + 1 - first_on - before).astype(np.float32),
        end=(last + last_on + after).astype(np.float32),
        first=first,
        last=last,
        resume=resume,
        duration=between + first_on + before + after,
        gap=since[-1],
        plateau=plateau,
        on=on,
    )


@dataclass(frozen=True, slots=True)
class Measures:
    """Figures of bursts, (k,) or (2, k) for the low and the high tone.

    Attributes:
        amplitude: peak amplitudes in sample units, (2, k).
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

    amplitude: Floats
    offset_percent: Floats
    purity: Floats
    in_line: Floats
    jitter: Floats
    splices: NDArray[np.int8]
    drift: Floats
    ripple: Floats
    idle: Floats


def _legendre_table(longest: int) -> Floats:
    """Row n: the second Legendre polynomial over n hops, free of a mean and by its own energy, from column `longest`
    on; zeros about it."""
    table = np.zeros((longest + 1, 3 * longest), np.float32)
    for hops in range(3, longest + 1):
        place = np.linspace(-1, 1, hops)
        shape = 1.5 * place * place - 0.5
        shape -= shape.mean()
        table[hops, longest : longest + hops] = shape / (shape @ shape)
    return table


_LEGENDRE: Final = _legendre_table(LONGEST)


def _near(residual: Floats) -> Bools:
    """Advances of which both tones' residuals (2, t, k) are within the tolerance."""
    size = np.abs(residual)
    near: Bools = np.maximum(size[0], size[1]) < PHASE_TOLERANCE
    return near


def clean_hops(fitted: Fit, extent: Extent) -> Bools:
    """Hops of located bursts that are wholly and purely tone, (t, k)."""
    times = _TIMES[: len(fitted.explained)]
    good = (times >= extent.first) & (times <= extent.last)
    good &= extent.on > FULL
    good &= fitted.explained > GOOD_FRACTION * fitted.energy
    return good


def measure(keys: NDArray[np.int8], fitted: Fit, first: Ints, last: Ints, good: Bools) -> Measures:
    """Level, frequency, purity and steadiness of located bursts.

    The frequency is that of the most common phase advance between neighbouring hops. A lost packet makes the
    phase jump: one advance is out of line, or two around a hop that the jump falls into. Such hops are left
    out of all figures and counted as a splice.

    Args:
        keys: (k,) indices in `KEYS`.
        fitted: of the bursts.
        first, last: their first and last strong hop.
        good: their clean hops, (t, k).
    """
    z = np.empty((2, *good.shape), np.complex64)
    z.real = fitted.products[10:12]
    z.imag = fitted.products[12:14]
    advance = z[:, 1:] * z[:, :-1].conj()
    both = good[1:] & good[:-1]
    common = np.add.reduce(advance * both, axis=1)
    turn = advance * common.conj()[:, None]
    residual = np.arctan2(turn.imag, turn.real)
    in_line = _near(residual) & both
    first_centre = np.add.reduce(residual * in_line, axis=1) / np.maximum(np.add.reduce(in_line, dtype=np.float32), 1)
    residual -= first_centre[:, None]
    in_line = _near(residual) & both
    count = np.add.reduce(in_line, dtype=np.float32)
    some = np.maximum(count, 1)
    residual *= in_line
    centre = np.add.reduce(residual, axis=1) / some
    residual -= centre[:, None] * in_line
    jitter = np.maximum.reduce(np.add.reduce(np.square(residual), axis=1)) / some
    splices = np.add.reduce(in_line[1:] > in_line[:-1], dtype=np.int8) + in_line[0] - 1

    # a large step may be a splice of small angle, over two advances, or an echo's begin: a glide has none
    step = np.add.reduce(np.abs(residual))
    place = _TIMES[: len(both)] - (step[1:] + step[:-1]).argmax(axis=0)
    calm = in_line & ((place < 0) | (place > 1))
    residual *= calm
    refined = np.add.reduce(residual, axis=1) / np.maximum(np.add.reduce(calm, dtype=np.float32), 1)
    turned = common * _ROTATION[:, keys]
    offset = np.arctan2(turned.imag, turned.real) + first_centre + centre + refined * (count >= MANY)
    length = last - first + 1
    shape = _LEGENDRE[length, _TIMES[1 : len(good)] + (LONGEST - first)]
    drift = np.maximum.reduce(np.abs(np.add.reduce(residual.cumsum(axis=1) * shape, axis=1)))

    used = np.zeros(good.shape, np.float32)
    used[1:] = in_line
    np.maximum(used[:-1], in_line, out=used[:-1])
    weight = np.add.reduce(used)
    hops = np.maximum(weight, 1)
    square = np.square(fitted.products[10:12]) + np.square(fitted.products[12:14])
    square *= used
    apparent = np.add.reduce(square, axis=1) / hops
    mean = np.add.reduce(np.sqrt(square), axis=1) / hops
    ripple = np.sqrt(np.maximum.reduce(np.maximum(apparent / np.maximum(np.square(mean), TINY) - 1, 0)))
    # a tone off its nominal frequency is explained less by the fit, in power by (sin(x/2) / (x/2))^2, x the offset in
    # rad a hop: here to the fourth order, 0.1 % wrong at 1.3 rad
    bend = np.square(offset)
    actual = apparent / (1 - bend * (np.float32(1 / 12) - bend * np.float32(1 / 360)))
    kept = (apparent[0] + apparent[1]) / np.maximum(actual[0] + actual[1], TINY)
    share = np.add.reduce(fitted.explained * used) / np.maximum(np.add.reduce(fitted.energy * used), TINY)
    return Measures(
        amplitude=np.sqrt(actual),
        offset_percent=offset * (np.float32(100 * RATE / (2 * np.pi * HOP)) / _FREQUENCY[:, keys]),
        purity=np.minimum(share / np.maximum(kept, TINY), np.float32(1)),
        in_line=count,
        jitter=jitter,
        splices=splices,
        drift=drift,
        ripple=ripple,
        idle=1 - weight / length,
    )
