"""Why a key was not heard, in the operator's language: the test that it failed, its figure, and what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from console.texts import Texts
from dsp import NTT, Profile
from dsp.events import FailedTest


def explain_miss(body: Mapping[str, Any], texts: Texts, profile: Profile = NTT) -> str:
    """Tell why a near miss was not counted.

    Args:
        body: a `missed` entry's fields (`ivr.call.transcript.KeyMissed` as JSON).
        texts: in the operator's language.
        profile: what the receiver accepts.
    """
    figures: Mapping[str, Any] | None = body["figures"]
    least_db, most_db = profile.twist_accept_db
    failed = FailedTest(body["failed"])
    accepted = {
        "least_ms": f"{profile.tone_accept_ms:.0f}",
        "floor": f"{profile.floor_dbm0:+.0f}",
        "accepted": f"{profile.frequency_accept_percent:g}",
        "least_db": f"{least_db:+.0f}",
        "most_db": f"{most_db:+.0f}",
    }
    if figures is None or figures["begin_s"] is None:  # the key is hidden: its figures, if any, are not its own
        return texts(f"miss.{failed.value}{'_hidden' if failed in _WITH_FIGURE else ''}", **accepted)
    return texts(
        f"miss.{failed.value}",
        ms=f"{figures['duration_ms']:.0f}",
        level=f"{figures['level_dbm0']:+.0f}",
        low=f"{figures['low_offset_percent']:+.1f}",
        high=f"{figures['high_offset_percent']:+.1f}",
        twist=f"{figures['twist_db']:+.1f}",
        snr=f"{figures['snr_db']:.0f}",
        **accepted,
    )


_WITH_FIGURE: Final = frozenset(
    {FailedTest.DURATION, FailedTest.LEVEL, FailedTest.FREQUENCY, FailedTest.TWIST, FailedTest.PURITY}
)
"""Tests whose explanation names a figure."""
