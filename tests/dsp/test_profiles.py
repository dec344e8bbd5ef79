from typing import Any

import pytest

from dsp import ATT, ETSI, NTT, PROFILES, decode, synthesize


def test_limits_stand_between_accept_and_reject() -> None:
    for profile in PROFILES.values():
        assert profile.tone_reject_ms < profile.min_tone_ms < profile.tone_accept_ms
        assert profile.interruption_ms < profile.min_gap_ms < profile.pause_accept_ms
        assert profile.frequency_accept_percent < profile.max_offset_percent < profile.frequency_reject_percent


@pytest.mark.parametrize(("level", "heard"), [(-24, "5"), (-29, "")])
def test_the_strict_floor_is_that_of_ntt(level: int, heard: str) -> None:
    assert decode(synthesize("5", level_dbm0=level), profile=NTT.strict()) == heard
    assert decode(synthesize("5", level_dbm0=level)) == "5"


def test_strict_changes_nothing_where_the_table_has_no_higher_floor() -> None:
    assert ATT.strict() == ATT


def test_letters_can_be_left_out() -> None:
    assert decode(synthesize("1A2B3C4D"), profile=NTT.without_letters()) == "1234"


def test_etsi_does_not_split_a_key_at_20_ms() -> None:
    tone = synthesize("7", tone_s=0.06, pause_s=0.018)
    twice = synthesize("77", tone_s=0.06, pause_s=0.018)
    assert decode(tone, profile=ETSI) == "7"
    assert decode(twice, profile=ETSI) == "7"
    assert decode(synthesize("77", tone_s=0.06, pause_s=0.042), profile=ETSI) == "77"


@pytest.mark.parametrize(
    "wrong",
    [
        {"keys": "xyz"},
        {"keys": ""},
        {"tone_reject_ms": 50.0},
        {"interruption_ms": 50.0},
        {"frequency_reject_percent": 1.0},
    ],
)
def test_contradictory_limits_are_refused(wrong: dict[str, Any]) -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match="must be"):
        replace(NTT, **wrong)
