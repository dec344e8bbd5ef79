"""Decides whether one key goes on across a gap, or two presses of it lie on its two sides.

A telephone's tone goes on in phase: the frequencies are known from both sides, so the phases after a gap of known
length follow from those before it. Two presses each start with their own phases; both tones of the second agree with
the first by chance in one case of a hundred. This distinguishes lost packets within a key from a pause that was not
sent (silence suppression) between two presses of the same key, of which only the two edges arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dsp.tones import HIGH_HZ, LOW_HZ
from sound.telephone import SAMPLE_RATE_HZ

LEAST_EXPLAINED: Final = 0.9
"""The least share of an edge's energy that lies in a pair that sounds all through it."""
MOST_OFFSET: Final = 0.03
MOST_TWIST: Final = 10.0
"""The largest ratio of the amplitudes; at 20 dB a pair is one tone and a trace."""
IN_PHASE_RAD: Final = 0.25
"""How far the phases of a clean tone may be off; noise adds to that, as computed by `_doubt`."""
MOST_IN_PHASE_RAD: Final = 1.5
DEVIATIONS: Final = 3.0
WEAKER: Final = 0.4
"""Ratio of powers: 4 dB. People press a key again at the same level; an echo loses more than this, and noise changes
less."""
LONGEST: Final = 960
"""The longest gap over which phases are extrapolated, in samples: 120 ms."""
_STEPS: Final = 6
_QUIETEST: Final = 64.0

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tones that sound all through a frame.

    Attributes:
        key: indices of the key's row and column, (low, high).
        hertz: the frequencies of the tones, (2,).
        phasors: amplitude and phase of each tone at the frame's centre, complex, (2,).
        noise: mean square of everything else in the frame.
    """

    key: tuple[int, int]
    hertz: Samples
    phasors: NDArray[np.complex128]
    noise: float


def pair_in(frame: NDArray[Any]) -> Pair | None:
    """Return the pair that sounds all through a frame; None if there is none, or something else sounds, too.

    Args:
        frame: 8 kHz, in the range of int16, shape (samples,); 20 ms are enough.
    """
    samples = np.asarray(frame, np.float64)
    if np.abs(samples).max(initial=0.0) < _QUIETEST:
        return None
    low, high = _strongest(samples, LOW_HZ), _strongest(samples, HIGH_HZ)
    nominal = np.array([LOW_HZ[low], HIGH_HZ[high]])
    hertz, phasors = nominal.copy(), np.zeros(2, np.complex128)
    at = _times(len(samples))
    for _ in range(_STEPS):
        turning = np.exp(2j * np.pi * np.outer(at, hertz))
        phasors = _solve(turning, samples)
        slopes = turning * (2j * np.pi * at[:, None]) * phasors
        model = (turning * phasors).real.sum(axis=1)
        columns = np.hstack([turning.real, -turning.imag, slopes.real])
        hertz = hertz + np.linalg.lstsq(columns, samples - model, rcond=None)[0][4:]
        if np.any(np.abs(hertz / nominal - 1) > MOST_OFFSET):
            return None
    turning = np.exp(2j * np.pi * np.outer(at, hertz))
    phasors = _solve(turning, samples)
    rest = samples - (turning * phasors).real.sum(axis=1)
    weak, strong = np.sort(np.abs(phasors))
    if strong > MOST_TWIST * weak:
        return None
    if rest @ rest > (1 - LEAST_EXPLAINED) * (samples @ samples):
        return None
    return Pair((low, high), hertz, phasors, float(np.mean(rest**2)))


def goes_on(before: Pair, after: Pair, samples: int, gap: int, in_phase_rad: float = IN_PHASE_RAD) -> bool:
    """Return whether one tone pair sounded from the first frame to the second.

    Args:
        before: the pair in the frame before the gap.
        after: the pair in the frame after it.
        samples: length of a frame in samples.
        gap: samples between the two frames.
        in_phase_rad: how far the phases of a clean tone may be off.
    """
    if before.key != after.key or gap > LONGEST:
        return False
    turn = 2 * np.pi * (before.hertz + after.hertz) / 2 * (samples + gap) / SAMPLE_RATE_HZ
    off = np.angle(after.phasors * np.conj(before.phasors) * np.exp(-1j * turn))
    allowed = in_phase_rad + DEVIATIONS * _doubt(before, after, samples, samples + gap)
    return bool(np.all(np.abs(off) < np.minimum(allowed, MOST_IN_PHASE_RAD)))


def _doubt(before: Pair, after: Pair, samples: int, apart: int) -> Samples:
    """Return the standard deviation of the expected phases, in rad, (2,).

    It is the bound of Cramer and Rao: a frequency has the variance 12 / (snr n^3) in (rad/sample)^2, a phase 1 / (snr
    n), where snr is a tone's power over the noise's (D. C. Rife, R. R. Boorstyn, Single-tone parameter estimation,
    1974).
    """
    variance = np.zeros(2)
    for pair in (before, after):
        snr = np.abs(pair.phasors) ** 2 / 2 / max(pair.noise, 1.0)
        variance += (apart / 2) ** 2 * 12 / (snr * samples**3) + 1 / (snr * samples)
    doubt: Samples = np.sqrt(variance)
    return doubt


def weaker(before: Pair, after: Pair) -> bool:
    """Return whether the second of two pairs is of the same key, and weaker than a key that is pressed again."""
    return before.key == after.key and bool(
        np.sum(np.abs(after.phasors) ** 2) < WEAKER * np.sum(np.abs(before.phasors) ** 2)
    )


def _times(samples: int) -> Samples:
    """Return the times of samples in seconds, 0 at their centre."""
    times: Samples = (np.arange(samples) - (samples - 1) / 2) / SAMPLE_RATE_HZ
    return times


def _strongest(samples: Samples, hertz: tuple[float, ...]) -> int:
    turning = np.exp(-2j * np.pi * np.outer(_times(len(samples)), hertz))
    return int(np.argmax(np.abs(samples @ turning)))


def _solve(turning: NDArray[np.complex128], samples: Samples) -> NDArray[np.complex128]:
    columns = np.hstack([turning.real, -turning.imag])
    found = np.linalg.lstsq(columns, samples, rcond=None)[0]
    phasors: NDArray[np.complex128] = found[:2] + 1j * found[2:]
    return phasors
