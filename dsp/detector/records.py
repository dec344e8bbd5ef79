"""Records that Python and compiled code share: a channel, a profile's limits, and what was found out."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from dsp.events import FailedTest
from dsp.kernel.goertzel import HOPS
from sound.telephone import FRAME_SAMPLES

Record: TypeAlias = np.void
Flag: TypeAlias = bool | np.bool_

NO_LABEL: Final = -1
"""Label of a frame that the screen saw no key in."""
UNSEEN: Final = -2
"""Label of a frame that the screen has only guessed at."""
KEPT: Final = 4
"""Frames of samples kept of each channel: a lane is first judged at its fourth frame. A power of two."""
LONGEST: Final = 7 * HOPS
"""Hops that a look at a burst may have."""
FITTED: Final = 32
"""Hops whose fits are kept of each channel: more than LONGEST, and a power of two."""
REMEMBERED: Final = 4
"""Keys that are remembered of each channel, for their echoes: at 70 ms a key, the fastest there is, those of 280 ms."""
EXPLAINED, ENERGY, AMPLITUDES = range(3)
"""Figures of a fitted hop (6); from AMPLITUDES on real and imaginary part of the low tone, then of the high one."""

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

slot: its number.
clock: complete frames so far; times are in frames (last, due, fitted) or hops, on this clock.
guess, label, sure, energy, energy_before: of the last frame, and the energy of the one before it (`screen.see`).
guesses: of frame n in place n modulo KEPT.
alive: there is a lane; what follows is its state.
open: the key is announced and not yet ended.
pending: the last frame was not solid and is to be followed with the next.
key: index of the key in `KEYS`.
last: the last frame that the screen labelled with the key.
due: the frame at which to judge.
start: hops before this one are not looked at.
fitted: frames before this one are fitted, if they are to be.
done: hops before this one are followed.
begin: the burst's begin (NaN before it is known).
onset, onset_low, onset_high: a burst's begin and its tones there, when they were first looked for (`onset`).
overdriven: a burst that passed is distorted.
wait: looks at a press that follows its own echo without a pause, until they show more of it than of the echo.
last_on: end of what was on.
plateau: energy of a full hop.
gap: hops missing since `last_on`.
low_dbm0 to high_offset_percent: figures of the announced key.
heard_key, heard_begin, heard_end: keys that were heard last, NO_LABEL where there is none, and their edges; the end is
    not a number while the key goes on.
heard_low_dbm0 to heard_high_offset_percent: figures of these, heard_snr_db among them.
heard_overdriven: these are distorted (`overdrive`).
heard_onset_low, heard_onset_high: their tones at the begin (`onset`).
heard: how many keys were heard, modulo REMEMBERED: where the next goes.
echo_key, echo_end, echo_low_dbm0, echo_high_dbm0: the echo that was refused last (NO_LABEL: none), and its figures.
fits: of hop n in row n modulo FITTED.
samples: of frame n in row n modulo KEPT.
rest: samples of a frame that is not complete.
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
"""What was found out: STARTED, ENDED or REFUSED; the frame at which; times in hops."""
STARTED, ENDED, REFUSED = range(3)
FAILED_TESTS: Final = tuple(FailedTest)
PASSED: Final = -1
"""Beside the indices of FAILED_TESTS."""
MOST_OUTCOMES: Final = 2
"""In one frame of a channel: a key may be announced and over at once."""

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
"""Room for what is worked out on the way, of one channel after the other.

A record, as arrays that are passed between compiled functions cost a count of references each time.

told: outcomes so far.
tones: energy of each tone's bins in a frame, low tones first.
explained, energy, re, im: fits of the hops of a look; re and im of the low tone, then of the high one.
on, strong, clean: how much of each hop of a look is on, 0 to 1, and flags (`burst`).
residuals, in_line: of the phase advance from each hop into the next, in rad, and a flag (`measures`).
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
"""A profile as compiled code takes it; see `verdict.limits_of`.

near_misses: tell of refused bursts, too.
min_gap: hops of silence that end a burst.
least_bin: least energy of a tone's bins in a frame that the screen labels.
excluded: keys that are not heard.
"""
