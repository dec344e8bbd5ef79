"""Keys in files whose channels differ, or whose samples are at the wrong scale."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import AudioError, analyse_file, decode, decode_file, synthesize, write_audio
from dsp.channels import Channel, Take
from dsp.recordings import hear_file, read_side

PRESSED = "12468135724681357"
CALLER = synthesize(PRESSED, tone_s=0.06, pause_s=0.07, level_dbm0=-20, snr_db=25, rng=np.random.default_rng(3))
GUIDANCE = np.resize(np.repeat(np.random.default_rng(4).normal(0, 0.15, 400), 10).astype(np.float32), CALLER.size)
"""Noise as loud as guidance, in its band."""


Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(*channels: NDArray[Any], rate: int = 8000, subtype: str = "FLOAT", name: str = "call.wav") -> Path:
        path = tmp_path / name
        write_audio(path, np.stack(channels, axis=1), rate, subtype=subtype)
        return path

    return saved


def heard(path: Path, channel: Channel = Take.BEST) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the keys, and the remarks."""
    remarks: list[str] = []
    sides = hear_file(path, channel=channel, remark=remarks.append)
    return [(side.name, side.keys) for side in sides], remarks


@pytest.mark.parametrize(("channels", "name"), [((0, 1), "left"), ((1, 0), "right")])
def test_of_caller_and_guidance_the_caller_is_taken_and_it_is_said(
    save: Save, channels: tuple[int, int], name: str
) -> None:
    sides = [CALLER, GUIDANCE]
    path = save(*(sides[index] for index in channels))
    assert decode((CALLER + GUIDANCE) / 2) != PRESSED
    found, (remark,) = heard(path)
    assert found == [(name, PRESSED)]
    assert str(path) in remark
    assert f"{name} is taken" in remark
    assert f"17 on {name}" in remark
    assert decode_file(path) == PRESSED
    assert "".join(burst.key for burst in analyse_file(path)) == PRESSED


def test_sides_of_opposite_sign_do_not_take_each_other_away(save: Save) -> None:
    assert heard(save(CALLER, -CALLER))[0] == [("left", PRESSED)]


@pytest.mark.parametrize("right", [CALLER, 0.8 * CALLER])
def test_sides_that_are_alike_are_mixed_without_a_word(save: Save, right: NDArray[np.float32]) -> None:
    assert heard(save(CALLER, right)) == ([("mix", PRESSED)], [])


def test_one_channel_has_no_name_and_no_remark(save: Save) -> None:
    assert heard(save(CALLER)) == ([("", PRESSED)], [])


def test_of_three_channels_the_one_with_most_keys_is_taken(save: Save) -> None:
    found, (remark,) = heard(save(GUIDANCE, CALLER, 0 * CALLER))
    assert found == [("channel 2", PRESSED)]
    assert "0 on channel 1, 17 on channel 2, 0 on channel 3" in remark


def test_of_equally_many_keys_the_louder_are_the_callers(save: Save) -> None:
    """The other side has the keys' echo, and guidance that is louder than the keys."""
    guidance = np.concatenate([GUIDANCE, np.zeros_like(CALLER)])
    caller = np.concatenate([np.zeros_like(CALLER), CALLER])
    found, (remark,) = heard(save(0.2 * caller + guidance, caller))
    assert "17 on left, 17 on right" in remark
    assert found == [("right", PRESSED)]


def test_without_a_key_the_side_whose_near_misses_are_strongest_is_taken(save: Save) -> None:
    short = np.resize(synthesize("5", tone_s=0.022, pause_s=0.1), CALLER.size)
    (side,) = hear_file(save(0 * CALLER, short), near_misses=True)
    assert side.name == "right"
    assert {burst.key for burst in side.bursts} == {"5"}


def test_near_misses_are_given_only_if_they_are_asked_for(save: Save) -> None:
    and_off = np.concatenate([CALLER, synthesize("8", offset_percent=3.2)])
    path = save(and_off, np.zeros_like(and_off))
    assert len(hear_file(path)[0].bursts) == 17
    assert len(hear_file(path, near_misses=True)[0].bursts) == 18


@pytest.mark.parametrize(
    ("channel", "found"),
    [
        (0, [("left", PRESSED)]),
        (1, [("right", "")]),
        (Take.EACH, [("left", PRESSED), ("right", "")]),
    ],
)
def test_a_channel_that_is_named_is_taken_without_a_word(
    save: Save, channel: Channel, found: list[tuple[str, str]]
) -> None:
    assert heard(save(CALLER, GUIDANCE), channel=channel) == (found, [])


def test_a_mix_that_is_asked_for_is_made_of_sides_that_differ(save: Save) -> None:
    name, samples = read_side(save(CALLER, GUIDANCE), channel=Take.MIX)
    assert name == "mix"
    assert samples == pytest.approx((CALLER + GUIDANCE.clip(-1, 1)) / 2, abs=1e-6)


def test_a_channel_that_is_not_there_is_an_error_of_the_file(save: Save) -> None:
    path = save(CALLER)
    with pytest.raises(AudioError, match=r"call\.wav: is mono: there is no channel 2"):
        decode_file(path, channel=1)
    with pytest.raises(AudioError, match=r"call\.wav: is mono: there is no channel 2"):
        read_side(path, channel=1)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_a_side_is_read_as_it_is_heard(save: Save, rate: int) -> None:
    caller = synthesize("159#", fs=rate)
    noise = np.random.default_rng(1).normal(0, 0.1, caller.size).astype(np.float32)
    remarks: list[str] = []
    name, samples = read_side(save(noise, caller, rate=rate), remark=remarks.append)
    assert (name, decode(samples), len(remarks)) == ("right", "159#", 1)
    assert len(read_side(save(noise, caller, rate=rate), longest_s=0.25)[1]) == pytest.approx(2000, abs=1)


def test_one_side_is_read_at_a_time(save: Save) -> None:
    with pytest.raises(ValueError, match="one side at a time"):
        read_side(save(CALLER, GUIDANCE), channel=Take.EACH)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (0 * CALLER, "is silent: every sample is zero"),
        (CALLER / 32768, " dBFS, too faint for any key"),
        (np.zeros(0, np.float32), "is silent"),
    ],
)
def test_a_recording_in_which_no_key_can_be_heard_says_so(save: Save, samples: NDArray[np.float32], words: str) -> None:
    path = save(samples)
    found, (remark,) = heard(path)
    assert found == [("", "")]
    assert remark.startswith(f"{path}: ")
    assert words in remark
    remarks: list[str] = []
    read_side(path, remark=remarks.append)
    assert remarks == [remark]


def test_a_recording_that_is_only_soft_is_not_remarked_on(save: Save) -> None:
    soft = synthesize("159", level_dbm0=-38)
    assert heard(save(soft)) == ([("", "159")], [])


def test_integers_that_were_saved_as_floats_are_brought_to_scale(save: Save) -> None:
    path = save(CALLER * 32768)
    found, (remark,) = heard(path)
    assert found == [("", PRESSED)]
    assert "16 bits, and divided by 32768" in remark
    level = analyse_file(save(CALLER, name="right.wav"))[0].low_dbm0
    assert analyse_file(path)[0].low_dbm0 == pytest.approx(level, abs=0.01)
