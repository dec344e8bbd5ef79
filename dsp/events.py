"""The receiver's reports: keys, their start and end, and near misses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailedTest(StrEnum):
    """The first test that a near miss failed.

    LIKENESS: no single figure is over its limit, but too many are near it. ECHO: the burst is a copy, or the tail, of a
    key that was heard just before.
    """

    DURATION = "duration"
    LEVEL = "level"
    FREQUENCY = "frequency"
    TWIST = "twist"
    PURITY = "purity"
    STEADINESS = "steadiness"
    LIKENESS = "likeness"
    KEY = "key"
    ECHO = "echo"


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst of a tone pair and its figures, measured over its first 80 ms or so.

    Attributes:
        key: the key whose tones are nearest.
        begin_s, end_s: its start and end on the channel's audio clock, which is 0 at the first sample.
        low_dbm0, high_dbm0: levels of the two tones.
        snr_db: power of the pair over everything else except mains hum and dial tone; at most 45.
        low_offset_percent, high_offset_percent: offsets of the measured frequencies from the nominal ones.
    """

    key: str
    begin_s: float
    end_s: float
    low_dbm0: float
    high_dbm0: float
    snr_db: float
    low_offset_percent: float
    high_offset_percent: float

    @property
    def twist_db(self) -> float:
        """Level of the high tone minus that of the low one."""
        return self.high_dbm0 - self.low_dbm0

    @property
    def level_dbm0(self) -> float:
        """Level of the weaker tone."""
        return min(self.low_dbm0, self.high_dbm0)

    @property
    def duration_s(self) -> float:
        """Time from start to end."""
        return self.end_s - self.begin_s


@dataclass(frozen=True, slots=True)
class Key(Burst):
    """A key that was heard."""


@dataclass(frozen=True, slots=True)
class NearMiss(Burst):
    """A burst that was looked at and not counted as a key.

    Attributes:
        failed_test: the first test that it failed.
    """

    failed_test: FailedTest


@dataclass(frozen=True, slots=True)
class KeyStarted:
    """A key is being pressed.

    This is certain and final: exactly one `KeyEnded` follows, in order.

    Attributes:
        slot: the channel's slot in its bank.
        key: the key.
        begin_s: its start on the channel's audio clock, in seconds.
    """

    slot: int
    key: str
    begin_s: float


@dataclass(frozen=True, slots=True)
class KeyEnded:
    """The key that was last announced on a channel was released.

    Attributes:
        slot: the channel's slot in its bank.
        key: the key with its figures.
    """

    slot: int
    key: Key


@dataclass(frozen=True, slots=True)
class BurstRefused:
    """There was a near miss on a channel; reported only if asked for.

    Attributes:
        slot: the channel's slot in its bank.
        near_miss: the near miss with its figures.
    """

    slot: int
    near_miss: NearMiss


Event = KeyStarted | KeyEnded | BurstRefused
