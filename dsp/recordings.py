"""Decodes recordings: files of any kind and length, with one channel or several.

If several channels are alike, their mix is decoded (`Likeness`). If they differ, one side is the caller and the other
the guidance, or one is the other with its sign reversed; in a mix, keys would be drowned or gone. Then we take the
channel on which most keys are heard. If several have equally many, we take the one whose keys have most energy; if none
has a key, the one whose near misses have most energy; without these, the mix.
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
"""Samples of each channel processed at a time (2 min); for an hour of stereo at 44.1 kHz more would take twice the
memory."""
FAINT_DBFS: Final = -50.0
"""A recording whose peak is below this cannot hold a key: a tone at the lowest floor of any profile (-41 dBm0) has -44
dBFS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a recording, and what was heard on it.

    Attributes:
        channel: the channel's index, or the mix.
        name: left, right, mix, or such as channel 3; "" if the recording has one channel.
        bursts: keys and, if asked for, near misses, by time of start.
        peak: the magnitude of the largest sample, full scale 1.0.
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
        """The order of preference: how many keys, their energy, the energy of near misses."""
        keys = [burst for burst in self.bursts if isinstance(burst, Key)]
        near_misses = [burst for burst in self.bursts if isinstance(burst, NearMiss)]
        return len(keys), _energy(keys), _energy(near_misses)


def decode_file(
    path: str | PathLike[str], *, channel: Channel = Take.BEST, profile: Profile = NTT, remark: Remark = unremarked
) -> str:
    """Return the keys in an audio file; those of each channel in turn if each is asked for.

    Arguments and errors are those of `hear_file`.
    """
    return "".join(side.keys for side in hear_file(path, channel=channel, profile=profile, remark=remark))


def analyse_file(
    path: str | PathLike[str], *, profile: Profile = NTT, near_misses: bool = False
) -> list[Key | NearMiss]:
    """Do as `analyse` does, for an audio file, and for the best of its channels. Errors are those of `hear_file`."""
    return hear_file(path, profile=profile, near_misses=near_misses)[0].bursts


def hear_file(
    path: str | PathLike[str],
    *,
    channel: Channel = Take.BEST,
    profile: Profile = NTT,
    near_misses: bool = False,
    remark: Remark = unremarked,
) -> list[Side]:
    """Return what is heard in an audio file: one side, or each.

    Args:
        path: the file, or `-` for standard input.
        channel: which of its channels.
        profile: what to accept.
        near_misses: whether to return near misses, too.
        remark: called with a sentence, which names the file, for each thing that is odd about it.

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
        channel: which of its channels; "each" is not allowed.
        longest_s: seconds after which no more is read.
        remark: as for `hear_file`.

    Raises:
        AudioError: as for `hear_file`.
        ValueError: `channel` is "each".
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
    """Return the chosen sides of a recording at 8 kHz; its pieces, at least one, are (samples, channels)."""
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
    """Return what was heard in each slot, as if silence followed."""
    found: dict[int, list[Key | NearMiss]] = {slot: [] for slot in slots.tolist()}
    for event in bank.feed(slots, np.zeros((len(slots), FLUSH), np.int16)):
        if isinstance(event, KeyEnded):
            found[event.slot].append(event.key)
        elif isinstance(event, BurstRefused):
            found[event.slot].append(event.near_miss)
    return {slot: sorted(bursts, key=lambda burst: burst.begin_s) for slot, bursts in found.items()}


def _best(sides: list[Side], path: str | PathLike[str], remark: Remark) -> Side:
    """Return the side to take if the channels differ; the last one is their mix."""
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
    """Return the energy of bursts in mW s, at the point of 0 dBm0."""
    return sum(burst.duration_s * (10 ** (burst.low_dbm0 / 10) + 10 ** (burst.high_dbm0 / 10)) for burst in bursts)


def _remark_faintness(peak: float, path: str | PathLike[str], remark: Remark) -> None:
    """Remark on a recording that is too faint for anything to be heard."""
    if peak == 0.0:
        remark(f"{name_of(path)}: is silent: every sample is zero; the recorder was given no audio")
    elif 20 * math.log10(peak) < FAINT_DBFS:
        remark(
            f"{name_of(path)}: its peak is {20 * math.log10(peak):.0f} dBFS, too faint for any key to be heard;"
            " was it saved at the wrong scale?"
        )
