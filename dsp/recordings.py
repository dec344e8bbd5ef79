"""What is heard in recordings: files of any kind and length, of one channel or several.

Of several channels the mix is heard where they are alike (`Likeness`). Where they are not, one side is the caller and
the other the guidance, or one is the other with its sign turned, and a mix would have keys drowned or gone: then the
channel is taken on which most keys are heard; of equally many, the one whose keys have most energy; without a key on
any, the one whose near misses have; and without these the mix.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from os import PathLike
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.audio import sides_at_8k
from dsp.channels import Channel, Take
from dsp.detector.bank import FLUSH, DetectorBank
from dsp.errors import AudioError
from dsp.events import BurstRefused, Key, KeyEnded, NearMiss
from dsp.files import Remark, name_of, unremarked
from dsp.profiles import NTT, Profile
from dsp.views import Likeness, Views
from sound.samples import to_int16

_PIECE: Final = 1 << 20
"""Samples of each channel in hand at a time (2 min): of an hour's stereo at 44.1 kHz more take twice the memory."""
FAINT_DBFS: Final = -50.0
"""Peaks of a recording in which no key can be: a tone at the lowest floor of any profile (-41 dBm0) has -44 dBFS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What was heard on one side of a recording.

    Attributes:
        channel: its index, or the mix.
        name: left, right, mix, or channel 3; empty if the recording has one channel.
        bursts: keys and, if asked for, near misses, by time of start.
        peak: the greatest sample's size, of full scale.
    """

    channel: Channel
    name: str
    bursts: list[Key | NearMiss]
    peak: float

    @property
    def keys(self) -> str:
        """The keys, such as "15#"."""
        return "".join(burst.key for burst in self.bursts if isinstance(burst, Key))

    @property
    def rank(self) -> tuple[int, float, float]:
        """What speaks for it: how many keys, their energy, that of near misses."""
        keys = [burst for burst in self.bursts if isinstance(burst, Key)]
        near_misses = [burst for burst in self.bursts if isinstance(burst, NearMiss)]
        return len(keys), _energy(keys), _energy(near_misses)


def decode_file(
    path: str | PathLike[str], *, channel: Channel = Take.BEST, profile: Profile = NTT, remark: Remark = unremarked
) -> str:
    """The keys in an audio file; of each channel in turn where each is asked for.

    Arguments and errors as for `hear_file`.
    """
    return "".join(side.keys for side in hear_file(path, channel=channel, profile=profile, remark=remark))


def analyse_file(
    path: str | PathLike[str], *, profile: Profile = NTT, near_misses: bool = False
) -> list[Key | NearMiss]:
    """As `analyse`, of an audio file; of several channels the best is heard. Errors as for `hear_file`."""
    return hear_file(path, profile=profile, near_misses=near_misses)[0].bursts


def hear_file(
    path: str | PathLike[str],
    *,
    channel: Channel = Take.BEST,
    profile: Profile = NTT,
    near_misses: bool = False,
    remark: Remark = unremarked,
) -> list[Side]:
    """What is heard in an audio file: one side, or each.

    Args:
        path: the file, or `-` for standard input.
        channel: which of its channels.
        profile: what to accept.
        near_misses: give what was refused, too.
        remark: called with each thing that is odd about the file, a sentence that names it.

    Raises:
        AudioError: the file is absent, unreadable or not audio, or has no such channel.
    """
    pieces = sides_at_8k(path, _PIECE, remark=remark)
    sides = _heard(pieces, path, channel, profile, near_misses=near_misses, remark=remark)
    _remark_faintness(max(side.peak for side in sides), path, remark)
    return sides


def read_side(
    path: str | PathLike[str],
    *,
    channel: Channel = Take.BEST,
    longest_s: float = math.inf,
    remark: Remark = unremarked,
) -> tuple[str, NDArray[np.float32]]:
    """Read one side of a recording into memory: its name and its samples at 8 kHz, full scale 1.0, (samples,).

    Args:
        path: the file, or `-` for standard input.
        channel: which of its channels; not each.
        longest_s: seconds after which no more is read.
        remark: as for `hear_file`.

    Raises:
        AudioError: as for `hear_file`.
        ValueError: each is asked for.
    """
    if channel is Take.EACH:
        raise ValueError("one side at a time: name a channel")
    pieces = list(sides_at_8k(path, _PIECE, longest_s=longest_s, remark=remark))
    if channel is Take.BEST and pieces[0].shape[1] > 1:
        channel = _heard(pieces, path, channel, NTT, near_misses=False, remark=remark)[0].channel
    views = _views(channel, pieces[0].shape[1], path)
    samples: NDArray[np.float32] = np.concatenate([views.rows(piece)[0] for piece in pieces])
    _remark_faintness(float(np.abs(samples).max(initial=0.0)), path, remark)
    return views.names[0], samples


def _heard(
    pieces: Iterable[NDArray[np.float32]],
    path: str | PathLike[str],
    channel: Channel,
    profile: Profile,
    *,
    near_misses: bool,
    remark: Remark,
) -> list[Side]:
    """The sides that are taken of a recording at 8 kHz, whose pieces are (samples, channels), one of them at least."""
    left = iter(pieces)
    first = next(left)
    views = _views(channel, first.shape[1], path)
    chooses = len(views.taken) > 1 and channel is Take.BEST
    bank = DetectorBank(profile, capacity=len(views.taken), near_misses=near_misses or chooses)
    slots = np.array([bank.open() for _ in views.taken])
    likeness, peaks = Likeness(), np.zeros(len(slots))
    for piece in chain([first], left):
        rows = views.rows(piece)
        bank.feed_silently(slots, to_int16(rows))
        peaks = np.max([peaks, rows.max(axis=1, initial=0.0), -rows.min(axis=1, initial=0.0)], axis=0)
        if chooses:
            likeness.add(piece)
    bursts = _bursts(bank, slots)
    sides = [
        Side(channel=taken, name=name, bursts=bursts[slot], peak=float(peak))
        for taken, name, slot, peak in zip(views.taken, views.names, slots.tolist(), peaks, strict=True)
    ]
    if chooses:
        side = sides[-1] if likeness.alike else _best(sides, path, remark)
        wanted = [burst for burst in side.bursts if near_misses or isinstance(burst, Key)]
        sides = [replace(side, bursts=wanted)]
    return sides


def _bursts(bank: DetectorBank, slots: NDArray[np.int64]) -> dict[int, list[Key | NearMiss]]:
    """What was heard in each slot, as if silence followed."""
    found: dict[int, list[Key | NearMiss]] = {slot: [] for slot in slots.tolist()}
    for event in bank.feed(slots, np.zeros((len(slots), FLUSH), np.int16)):
        if isinstance(event, KeyEnded):
            found[event.slot].append(event.key)
        elif isinstance(event, BurstRefused):
            found[event.slot].append(event.near_miss)
    return {slot: sorted(bursts, key=lambda burst: burst.begin_s) for slot, bursts in found.items()}


def _best(sides: list[Side], path: str | PathLike[str], remark: Remark) -> Side:
    """The side to take where they differ; the last is their mix."""
    *single, mix = sides
    best = max(single, key=lambda side: side.rank)
    if not best.bursts:
        remark(f"{name_of(path)}: its channels differ, and no key is on any: their mix is taken")
        return mix
    counts = ", ".join(f"{len(side.keys)} on {side.name}" for side in single)
    remark(f"{name_of(path)}: its channels differ: {best.name} is taken (keys: {counts}); take another with --channel")
    return best


def _views(channel: Channel, channels: int, path: str | PathLike[str]) -> Views:
    try:
        return Views(channel, channels)
    except ValueError as error:
        raise AudioError(f"{name_of(path)}: {error}") from None


def _energy(bursts: list[Key] | list[NearMiss]) -> float:
    """In mW s, at the point of 0 dBm0."""
    return sum(burst.duration_s * (10 ** (burst.low_dbm0 / 10) + 10 ** (burst.high_dbm0 / 10)) for burst in bursts)


def _remark_faintness(peak: float, path: str | PathLike[str], remark: Remark) -> None:
    """Say why nothing can be heard, if it is so faint."""
    if peak == 0.0:
        remark(f"{name_of(path)}: is silent: every sample is zero; the recorder was given no audio")
    elif 20 * math.log10(peak) < FAINT_DBFS:
        remark(
            f"{name_of(path)}: its peak is {20 * math.log10(peak):.0f} dBFS, too faint for any key to be heard;"
            " was it saved at the wrong scale?"
        )
