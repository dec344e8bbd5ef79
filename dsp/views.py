"""Chooses what to decode of a recording with several channels, and whether these are one sound."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.channels import Channel, Take, channel_name

_ALIKE: Final = 0.1
"""A ratio of 10 dB: two channels of one microphone's sound differ by less, the two sides of a call by more."""


class Views:
    """The parts of a recording to decode: some of its channels, their mix, or all of these.

    Args:
        channel: what is asked for.
        channels: how many channels there are.

    Attributes:
        taken: the channels by index, and the mix, in the order of `rows`.
        names: the name of each.

    Raises:
        ValueError: there is no such channel.
    """

    def __init__(self, channel: Channel, channels: int) -> None:
        if isinstance(channel, int) and channel >= channels:
            if channels == 1:
                raise ValueError(f"is mono: there is no channel {channel + 1}; leave --channel out")
            raise ValueError(f"has {channels} channels: there is no channel {channel + 1}; name another with --channel")
        self.taken: list[Channel] = [channel] if isinstance(channel, int) else list(range(channels))
        if channels > 1 and channel is Take.MIX:
            self.taken = [Take.MIX]
        elif channels > 1 and channel is Take.BEST:
            self.taken.append(Take.MIX)
        self.names = [channel_name(taken, channels) if isinstance(taken, int) else taken.value for taken in self.taken]

    def rows(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what is decoded of some samples, (samples, channels): one row for each of `taken`."""
        return np.stack([samples[:, taken] if isinstance(taken, int) else samples.mean(axis=1) for taken in self.taken])


class Likeness:
    """Measures, piece by piece, whether the channels of a recording are one sound.

    They are alike if what differs from their mean has less than a tenth of the mean's energy.
    """

    def __init__(self) -> None:
        self._mean = 0.0
        self._total = 0.0

    def add(self, samples: NDArray[np.float32]) -> None:
        """Add the next samples, (samples, channels)."""
        self._mean += float(np.square(samples.mean(axis=1), dtype=np.float64).sum())
        self._total += float(np.square(samples, dtype=np.float64).sum()) / samples.shape[1]

    @property
    def alike(self) -> bool:
        """Whether the channels are alike; silent ones are."""
        return self._total - self._mean <= _ALIKE * self._mean
