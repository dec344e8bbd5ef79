"""Silence in place of a lost packet does not split a key; a pause does."""

import numpy as np
import pytest

from dsp import ATT, ETSI, NTT, Profile, decode
from dsp.conformance import signals
from dsp.conformance.conditions import Condition, Section
from dsp.conformance.corpus import record
from dsp.conformance.networks import NETWORKS
from sound.samples import to_int16

LONG_ENOUGH = [item for item in NETWORKS if item.section is Section.SILENT and np.min(item.tone_ms) >= 80]


@pytest.mark.parametrize("condition", LONG_ENOUGH, ids=lambda condition: condition.name)
def test_a_key_with_a_silent_packet_anywhere_is_one_key(condition: Condition) -> None:
    recording = record(condition, seed=970, keys=32)
    assert decode(recording.samples) == recording.expected


@pytest.mark.parametrize("at", range(0, 141, 4))
@pytest.mark.parametrize("profile", [NTT, ATT, ETSI], ids=lambda profile: profile.name)
def test_wherever_it_lies_in_the_stream_twenty_ms_are_a_packet_and_the_shortest_pause_is_a_pause(
    profile: Profile, at: int
) -> None:
    pause = round(profile.pause_accept_ms)
    for silence_ms, expected in ((20, "7"), (pause, "77")):
        tone = signals.Tone("7", 100 + at / 8, 160.0, -10.0, 0.0, 0.0, 0.0)
        samples = signals.render([tone], 600, np.random.default_rng(at))
        middle = round((tone.begin_ms + 60) * 8)
        samples[middle : middle + 8 * silence_ms] = 0
        assert decode(to_int16(samples), profile=profile) == expected
