"""The limits of what a receiver must accept and refuse, for each administration, as data.

The sources are ITU-T Q.24 annex A (columns NTT and AT&T) and ETSI ES 201 235-3 (timing). The receiver's own limit lies
between the value that must be accepted and the one that must be refused, with room on both sides for measuring errors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dsp.tones import KEYS

PACKET_MS = 20.0
"""The audio in an RTP packet. If one is lost, some systems put silence in its place."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The limits of one administration, and the receiver's operating points between them.

    Attributes:
        name: its name on a command line.
        frequency_accept_percent: offsets of either tone up to this are accepted.
        frequency_reject_percent: offsets from this on are refused.
        level_accept_dbm0: the lowest and highest level of a tone that must be accepted.
        floor_dbm0: a tone below this level is refused.
        twist_accept_db: the lowest and highest accepted level of the high tone minus that of the low one.
        tone_accept_ms, tone_reject_ms: the length of a tone that must be accepted, and the one that must be refused.
        pause_accept_ms: a pause that separates two keys.
        interruption_ms: a gap that does not end a key.
        keys: the keys that are heard.
    """

    name: str
    frequency_accept_percent: float
    frequency_reject_percent: float
    level_accept_dbm0: tuple[float, float]
    floor_dbm0: float
    twist_accept_db: tuple[float, float]
    tone_accept_ms: float
    tone_reject_ms: float
    pause_accept_ms: float
    interruption_ms: float
    keys: str = KEYS

    def __post_init__(self) -> None:
        unknown = set(self.keys) - set(KEYS)
        if unknown or not self.keys:
            raise ValueError(f"keys of a profile must be some of {KEYS}, not {self.keys!r}")
        if not self.tone_reject_ms < self.tone_accept_ms:
            raise ValueError("tone_reject_ms must be less than tone_accept_ms")
        if not self.interruption_ms < self.pause_accept_ms:
            raise ValueError("interruption_ms must be less than pause_accept_ms")
        if not self.frequency_accept_percent < self.frequency_reject_percent:
            raise ValueError("frequency_accept_percent must be less than frequency_reject_percent")

    @property
    def min_tone_ms(self) -> float:
        """Shorter tones are refused. This is nearer to what must be refused, because lost packets shorten tones."""
        return self.tone_reject_ms + (self.tone_accept_ms - self.tone_reject_ms) * 3 / 8

    @property
    def min_gap_ms(self) -> float:
        """This much silence ends a key: more than the zeros that stand for one lost packet, less than a pause."""
        return (self.pause_accept_ms + max(self.interruption_ms, PACKET_MS)) / 2

    @property
    def max_offset_percent(self) -> float:
        """Tones further off are refused. This is nearer to what must be accepted, because voices lie beyond."""
        return self.frequency_accept_percent + (self.frequency_reject_percent - self.frequency_accept_percent) / 4

    def strict(self) -> Profile:
        """Return this profile with the table's "must not operate" level, if that is above our floor."""
        return replace(self, floor_dbm0=max(self.floor_dbm0, STRICT_FLOOR_DBM0.get(self.name, -100.0)))

    def without_letters(self) -> Profile:
        """Return this profile without the keys A to D."""
        return replace(self, keys="".join(key for key in self.keys if key not in "ABCD"))


STRICT_FLOOR_DBM0 = {"ntt": -26.5}
"""Midway between NTT's -24 dBm0 (must operate) and -29 dBm0 (must not)."""

NTT = Profile(
    name="ntt",
    frequency_accept_percent=1.8,
    frequency_reject_percent=3.0,
    level_accept_dbm0=(-24.0, -3.0),
    floor_dbm0=-41.0,
    twist_accept_db=(-8.0, 5.0),
    tone_accept_ms=40.0,
    tone_reject_ms=24.0,
    pause_accept_ms=30.0,
    interruption_ms=10.0,
)
"""ITU-T Q.24 annex A, NTT. Its own twist range is -5 to +5 dB, but the wider low side of AT&T costs nothing. An access
number needs sensitivity, so the floor is far below the table's (see `Profile.strict`)."""

ATT = Profile(
    name="att",
    frequency_accept_percent=1.5,
    frequency_reject_percent=3.5,
    level_accept_dbm0=(-25.0, 0.0),
    floor_dbm0=-41.0,
    twist_accept_db=(-8.0, 4.0),
    tone_accept_ms=40.0,
    tone_reject_ms=23.0,
    pause_accept_ms=40.0,
    interruption_ms=10.0,
)
"""ITU-T Q.24 annex A, AT&T."""

ETSI = Profile(
    name="etsi",
    frequency_accept_percent=1.8,
    frequency_reject_percent=3.0,
    level_accept_dbm0=(-25.0, 0.0),
    floor_dbm0=-41.0,
    twist_accept_db=(-8.0, 5.0),
    tone_accept_ms=40.0,
    tone_reject_ms=20.0,
    pause_accept_ms=40.0,
    interruption_ms=20.0,
)
"""The timing of ETSI ES 201 235-3; frequency and twist are those of NTT, levels those of AT&T."""

PROFILES = {profile.name: profile for profile in (NTT, ATT, ETSI)}
