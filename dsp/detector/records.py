"""Records that Python and compiled code share: a channel, a profile's limits, and outcomes."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from dsp.events import FailedTest
from dsp.kernel.goertzel import HOPS
from sound.telephone import FRAME_SAMPLES

Record: TypeAlias = np.void
Flag: TypeAlias = bool | np.bool_

NO_LABEL: Final = -1
"""Label of a frame in which the screen saw no key."""
UNSEEN: Final = -2
"""Label of a frame for which the screen has only a guess."""
KEPT: Final = 4
"""Frames of samples that are kept for each channel: a lane is first judged at its fourth frame. A power of two."""
LONGEST: Final = 7 * HOPS
"""The most hops that a look at a burst may have."""
FITTED: Final = 32
"""Hops whose fits are kept for each channel: more than LONGEST, and a power of two."""
REMEMBERED: Final = 4
"""Keys that are remembered for each channel because of their echoes: 280 ms at 70 ms a key, the fastest there is."""
EXPLAINED, ENERGY, AMPLITUDES = range(3)
"""Columns of a fitted hop's six figures; from AMPLITUDES on, the real and imaginary parts of the low tone, then of the
high."""

CHANNEL: Final = np.dtype(
    [
        ("slot", np.int64),
        ("clock", np.int64),
        ("guess", np.int8),
        ("guesses", np.int8, KEPT),
        ("label", np.int8),
        ("sure", np.bool_),
        ("alive", np.bool_),
        ("open", np.bool_),
        ("pending", np.bool_),
        ("key", np.int8),
        ("energy", np.float32),
        ("energy_before", np.float32),
        ("last", np.int64),
        ("due", np.int64),
        ("start", np.int64),
        ("fitted", np.int64),
        ("done", np.int64),
        ("begin", np.float64),
        ("onset", np.float64),
        ("onset_low", np.complex128),
        ("onset_high", np.complex128),
        ("overdriven", np.bool_),
        ("wait", np.int8),
        ("last_on", np.float64),
        ("plateau", np.float32),
        ("gap", np.float32),
        ("low_dbm0", np.float32),
        ("high_dbm0", np.float32),
        ("snr_db", np.float32),
        ("low_offset_percent", np.float32),
        ("high_offset_percent", np.float32),
        ("heard_key", np.int8, REMEMBERED),
        ("heard_begin", np.float64, REMEMBERED),
        ("heard_end", np.float64, REMEMBERED),
        ("heard_low_dbm0", np.float32, REMEMBERED),
        ("heard_high_dbm0", np.float32, REMEMBERED),
        ("heard_snr_db", np.float32, REMEMBERED),
        ("heard_overdriven", np.uint8, REMEMBERED),
        ("heard_low_offset_percent", np.float32, REMEMBERED),
        ("heard_high_offset_percent", np.float32, REMEMBERED),
        ("heard_onset_low", np.complex128, REMEMBERED),
        ("heard_onset_high", np.complex128, REMEMBERED),
        ("heard", np.int8),
        ("echo_key", np.int8),
        ("echo_end", np.float64),
        ("echo_low_dbm0", np.float32),
        ("echo_high_dbm0", np.float32),
        ("fits", np.float32, (FITTED, 6)),
        ("samples", np.float32, (KEPT, FRAME_SAMPLES)),
        ("rest", np.int16, FRAME_SAMPLES),
    ],
    align=True,
)
"""A channel: what the screen saw last, a lane (`lanes`), and what it heard last.

slot: the channel's number.
clock: complete frames so far; times on this clock are in frames (last, due, fitted) or in hops.
guess, label, sure, energy: what the screen found in the last frame (`screen.see`).
energy_before: the energy of the frame before it.
guesses: the guess for frame n, in place n modulo KEPT.
alive: whether there is a lane; what follows is its state.
open: whether the key is announced and has not ended yet.
pending: whether the last frame was not solid and must be followed together with the next.
key: index of the key in `KEYS`.
last: the last frame that the screen labelled with the key.
due: the frame at which the burst is judged.
start: hops before this one are not looked at.
fitted: frames before this one are fitted, as far as they are needed.
done: hops before this one are followed.
begin: the burst's start (NaN before it is known).
onset, onset_low, onset_high: a burst's start and its tones there, as first found (`onset`).
overdriven: whether a burst that passed is distorted.
wait: looks still to wait at a press that follows its own echo without a pause, until they show more of it than of the
    echo.
last_on: where the pair was last on.
plateau: energy of a full hop.
gap: hops missing since `last_on`.
low_dbm0 to high_offset_percent: figures of the announced key.
heard_key, heard_begin, heard_end: the keys that were heard last (NO_LABEL: none) and their edges; the end is NaN while
    the key goes on.
heard_low_dbm0 to heard_high_offset_percent: the figures of these keys, including heard_snr_db.
heard_overdriven: whether they are distorted (`overdrive`).
heard_onset_low, heard_onset_high: their tones at the start (`onset`).
heard: the number of keys heard, modulo REMEMBERED: the place of the next one.
echo_key, echo_end, echo_low_dbm0, echo_high_dbm0: the echo that was last refused (NO_LABEL: none), and its figures.
fits: the fits of hop n, in row n modulo FITTED.
samples: the samples of frame n, in row n modulo KEPT.
rest: the samples of a frame that is not complete.
"""

OUTCOME: Final = np.dtype(
    [
        ("kind", np.int8),
        ("key", np.int8),
        ("failed", np.int8),
        ("slot", np.int64),
        ("frame", np.int64),
        ("begin", np.float64),
        ("end", np.float64),
        ("low_dbm0", np.float32),
        ("high_dbm0", np.float32),
        ("snr_db", np.float32),
        ("low_offset_percent", np.float32),
        ("high_offset_percent", np.float32),
    ],
    align=True,
)
"""An outcome: its kind (STARTED, ENDED or REFUSED), the frame at which it was found, times in hops, and figures."""
STARTED, ENDED, REFUSED = range(3)
FAILED_TESTS: Final = tuple(FailedTest)
PASSED: Final = -1
"""A burst passed; other values are indices in FAILED_TESTS."""
MOST_OUTCOMES: Final = 2
"""The most outcomes in one frame of a channel: a key may be announced and over at once."""

SCRATCH: Final = np.dtype(
    [
        ("told", np.int64),
        ("tones", np.float32, 8),
        ("explained", np.float32, LONGEST),
        ("energy", np.float32, LONGEST),
        ("re", np.float32, (2, LONGEST)),
        ("im", np.float32, (2, LONGEST)),
        ("on", np.float32, LONGEST),
        ("residuals", np.float32, (2, LONGEST)),
        ("strong", np.int8, LONGEST),
        ("clean", np.int8, LONGEST),
        ("in_line", np.int8, LONGEST),
    ],
    align=True,
)
"""Room for intermediate results, for one channel after the other.

It is a record because each array that is passed between compiled functions costs a count of references.

told: outcomes so far.
tones: energy of each tone's bins in a frame, low tones first.
explained, energy, re, im: fits of the hops of a look; re and im of the low tone, then of the high one.
on: how much of each hop of a look is on, from 0 to 1 (`burst`).
strong, clean: flags of each hop (`burst`).
residuals: of the phase advance from each hop into the next, in rad (`measures`).
in_line: flags of these advances (`measures`).
"""

LIMITS: Final = np.dtype(
    [
        ("near_misses", np.bool_),
        ("min_gap", np.float64),
        ("least_bin", np.float32),
        ("min_tone_ms", np.float32),
        ("floor_dbm0", np.float32),
        ("max_offset_percent", np.float32),
        ("mid_twist_db", np.float32),
        ("half_twist_db", np.float32),
        ("excluded", np.uint8, 16),
    ],
    align=True,
)
"""A profile's limits in the form for compiled code; see `verdict.limits_of`.

near_misses: whether to report near misses, too.
min_gap: hops of silence that end a burst.
least_bin: least energy of a tone's bins in a frame that the screen labels.
excluded: which keys are not heard.
"""
