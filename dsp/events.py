"""What the receiver tells: keys, their course, and bursts that were looked at and refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailedTest(StrEnum):
    """The first test that a refused burst failed.

    LIKENESS: no single figure is over its limit, but too many are near it.
    ECHO: it is a copy, or the tail, of a key that was heard just before.
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
        begin_s, end_s: on the channel's audio clock, from its first sample.
        low_dbm0, high_dbm0: levels of the two tones.
        snr_db: power of the pair over everything else but mains hum and dial tone; 45 at most.
        low_offset_percent, high_offset_percent: measured frequencies against nominal.
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
        """From begin to end."""
        return self.end_s - self.begin_s


@dataclass(frozen=True, slots=True)
class Key(Burst):
    """A key that was heard."""


@dataclass(frozen=True, slots=True)
class NearMiss(Burst):
    """A burst that was looked at and refused.

    Attributes:
        failed_test: why.
    """

    failed_test: FailedTest


@dataclass(frozen=True, slots=True)
class KeyStarted:
    """A key is being pressed. Certain and final: exactly one `KeyEnded` follows, in order."""

    slot: int
    key: str
    begin_s: float


@dataclass(frozen=True, slots=True)
class KeyEnded:
    """The key announced last on this slot was released."""

    slot: int
    key: Key


@dataclass(frozen=True, slots=True)
class BurstRefused:
    """A near miss on this slot; told only when asked for."""

    slot: int
    near_miss: NearMiss


Event = KeyStarted | KeyEnded | BurstRefused
