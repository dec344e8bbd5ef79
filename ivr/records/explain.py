"""Why a key was not heard, in words: the test that it failed, its figure, and what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsp import NTT, Profile
from dsp.events import FailedTest


def explain_miss(body: Mapping[str, Any], profile: Profile = NTT) -> str:
    """Tell why a burst was refused.

    Args:
        body: a `missed` entry's fields (`ivr.transcript.KeyMissed` as JSON).
        profile: what the receiver accepts.
    """
    figures: Mapping[str, Any] = body["figures"]
    match FailedTest(body["failed"]):
        case FailedTest.DURATION:
            least = f"at least {profile.tone_accept_ms:.0f} ms are asked for"
            length = figures["duration_ms"]
            return f"too short: {least}" if length is None else f"too short: {length:.0f} ms; {least}"
        case FailedTest.LEVEL:
            return f"too soft: {figures['level_dbm0']:+.0f} dBm0; the floor is {profile.floor_dbm0:+.0f} dBm0"
        case FailedTest.FREQUENCY:
            return (
                f"off frequency: low tone {figures['low_offset_percent']:+.1f} %, "
                f"high tone {figures['high_offset_percent']:+.1f} %; "
                f"up to {profile.frequency_accept_percent:g} % is accepted"
            )
        case FailedTest.TWIST:
            least_db, most_db = profile.twist_accept_db
            return (
                f"unequal tones: twist {figures['twist_db']:+.1f} dB; {least_db:+.0f} to {most_db:+.0f} dB is accepted"
            )
        case FailedTest.PURITY:
            return f"too much else beside the tones: SNR {figures['snr_db']:.0f} dB (noise, voice or another tone)"
        case FailedTest.STEADINESS:
            return "unsteady: the tones waver, glide or break off, as those of a voice do"
        case FailedTest.LIKENESS:
            return "near too many limits at once, as a voice is and a phone is not"
        case FailedTest.KEY:
            return "a key that is not in use here (A to D)"
