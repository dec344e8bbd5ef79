"""Why a key was not heard: the test that it failed, its figure, and what is accepted. The console has the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dsp import NTT, Profile
from dsp.events import FailedTest

_WITH_FIGURE: Final = frozenset(
    {FailedTest.DURATION, FailedTest.LEVEL, FailedTest.FREQUENCY, FailedTest.TWIST, FailedTest.PURITY}
)
"""Tests whose sentence names a figure of the key."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence, without its words: these are in the catalogue of each language.

    Attributes:
        sentence: its name: the test that failed, followed by `_hidden` where the figure it would name is secret.
        gaps: the values that fill its gaps: figures of the key, and limits of the receiver (ms, dBm0, dB, %), without
            units.
    """

    sentence: str
    gaps: Mapping[str, str]


def explain(body: Mapping[str, Any], profile: Profile = NTT) -> Explanation:
    """Explain why a near miss was not counted.

    Args:
        body: a `missed` entry's fields (`ivr.call.transcript.KeyMissed` as JSON).
        profile: what the receiver accepts.
    """
    failed = FailedTest(body["failed"])
    figures: Mapping[str, Any] | None = body["figures"]
    least_db, most_db = profile.twist_accept_db
    limits = {
        "least_ms": f"{profile.tone_accept_ms:.0f}",
        "floor": f"{profile.floor_dbm0:+.0f}",
        "accepted": f"{profile.frequency_accept_percent:g}",
        "least_db": f"{least_db:+.0f}",
        "most_db": f"{most_db:+.0f}",
    }
    if figures is None or figures["begin_s"] is None:  # the key is hidden: its figures, if any, are not its own
        return Explanation(f"{failed.value}_hidden" if failed in _WITH_FIGURE else failed.value, limits)
    own = {
        "ms": f"{figures['duration_ms']:.0f}",
        "level": f"{figures['level_dbm0']:+.0f}",
        "low": f"{figures['low_offset_percent']:+.1f}",
        "high": f"{figures['high_offset_percent']:+.1f}",
        "twist": f"{figures['twist_db']:+.1f}",
        "snr": f"{figures['snr_db']:.0f}",
    }
    return Explanation(failed.value, limits | own)
