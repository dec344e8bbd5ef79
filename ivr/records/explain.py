"""Why a key was not heard, in words: the test that it failed, its figure, and what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsp import NTT, Profile
from dsp.events import FailedTest


def explain_miss(body: Mapping[str, Any], profile: Profile = NTT) -> str:
    """Tell why a near miss was not counted.

    Args:
        body: a `missed` entry's fields (`ivr.call.transcript.KeyMissed` as JSON).
        profile: what the receiver accepts.
    """
    figures: Mapping[str, Any] | None = body["figures"]
    hidden = figures is None or figures["begin_s"] is None  # then its figures, if any, are not its own
    figures = {} if figures is None or hidden else figures
    match FailedTest(body["failed"]):
        case FailedTest.DURATION:
            least = f"at least {profile.tone_accept_ms:.0f} ms are asked for"
            return f"too short: {least}" if hidden else f"too short: {figures['duration_ms']:.0f} ms; {least}"
        case FailedTest.LEVEL:
            floor = f"the floor is {profile.floor_dbm0:+.0f} dBm0"
            return f"too soft: {floor}" if hidden else f"too soft: {figures['level_dbm0']:+.0f} dBm0; {floor}"
        case FailedTest.FREQUENCY:
            most = f"up to {profile.frequency_accept_percent:g} % is accepted"
            if hidden:
                return f"off frequency: {most}"
            low, high = (f"{figures[f'{tone}_offset_percent']:+.1f} %" for tone in ("low", "high"))
            return f"off frequency: low tone {low}, high tone {high}; {most}"
        case FailedTest.TWIST:
            least_db, most_db = profile.twist_accept_db
            accepted = f"{least_db:+.0f} to {most_db:+.0f} dB is accepted"
            twist = "" if hidden else f"twist {figures['twist_db']:+.1f} dB; "
            return f"unequal tones: {twist}{accepted}"
        case FailedTest.PURITY:
            ratio = "" if hidden else f": SNR {figures['snr_db']:.0f} dB"
            return f"too much else beside the tones{ratio} (noise, voice or another tone)"
        case FailedTest.STEADINESS:
            return "unsteady: the tones waver, glide or break off, as those of a voice do"
        case FailedTest.LIKENESS:
            return "near too many limits at once, as a voice is and a phone is not"
        case FailedTest.KEY:
            return "a key that is not in use here (A to D)"
        case FailedTest.ECHO:
            return "an echo: the same key again, weaker, right behind the one that was heard"
