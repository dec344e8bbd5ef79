"""What a line does to audio, measured on the audio that comes out of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from dsp import decode, synthesize, ulaw_decode, ulaw_encode
from dsp.line import added
from dsp.line.converters import Law, clipped, companded
from dsp.line.gaps import recurring, silenced
from dsp.line.reflections import (
    echoed,
    reverberant,
    room_response,
    silence_before_echo,
    silence_before_response,
)
from dsp.line.samples import places
from dsp.line.speech_coders import NARROW, LibraryMissingError
from dsp.tones import amplitude_of
from ivr.lab.line_quality import Absent, LineQuality, TelephoneLine
from sound.samples import to_float32, to_int16
from sound.telephone import FRAME_SAMPLES, FULL_SCALE

FRAMES = 500
SILENCE = np.zeros(FRAMES * FRAME_SAMPLES, np.int16)


def carried(quality: dict[str, Any], samples: NDArray[np.int16] = SILENCE) -> list[NDArray[np.int16] | Absent]:
    line = TelephoneLine(LineQuality.model_validate({"law": "linear"} | quality))
    return [line.carry(frame) for frame in samples.reshape(-1, FRAME_SAMPLES)]


def arrived(quality: dict[str, Any], samples: NDArray[np.int16] = SILENCE) -> NDArray[np.int16]:
    return np.concatenate([frame for frame in carried(quality, samples) if not isinstance(frame, Absent)])


def tone(hertz: float, dbm0: float, samples: int = len(SILENCE)) -> NDArray[np.int16]:
    return to_int16((amplitude_of(dbm0) * np.sin(2 * np.pi * hertz / 8000 * np.arange(samples))).astype(np.float32))


def level_of(samples: NDArray[np.int16], hertz: float) -> float:
    """The level of one frequency, in dBm0."""
    turn = np.exp(-2j * np.pi * hertz / 8000 * np.arange(len(samples)))
    return float(20 * np.log10(2 * abs(np.mean(to_float32(samples) * turn))) + 3.14)


def test_a_clean_line_does_what_g711_does_and_no_more() -> None:
    keys = tone(697, -10)
    assert np.array_equal(arrived({"law": "ulaw"}, keys), ulaw_decode(ulaw_encode(keys)))


def test_a_law_is_not_mu_law() -> None:
    keys = tone(697, -10)
    error = arrived({"law": "alaw"}, keys).astype(float) - keys
    assert 0 < np.sqrt(np.mean(error**2)) < 0.02 * FULL_SCALE * amplitude_of(-10)
    assert not np.array_equal(arrived({"law": "alaw"}, keys), arrived({"law": "ulaw"}, keys))


def test_noise_is_as_far_below_a_key_as_it_is_said_to_be() -> None:
    noise = to_float32(arrived({"noise": {"snr_db": 15}})).astype(float)
    pair_power = amplitude_of(-10) ** 2
    assert 10 * np.log10(pair_power / np.mean(noise**2)) == pytest.approx(15, abs=0.1)


def test_hum_and_dial_tone_have_the_levels_that_they_are_said_to_have() -> None:
    mixed = arrived({"hum": {"mains_hz": 60, "level_dbm0": -20}, "dial_tone": {"level_dbm0": -25}})
    assert level_of(mixed, 60) == pytest.approx(-20, abs=0.05)
    assert level_of(mixed, 120) == pytest.approx(-20 - 6.02, abs=0.05)
    assert level_of(mixed, 400) == pytest.approx(-25, abs=0.05)


def test_an_echo_comes_later_and_weaker_also_across_frames() -> None:
    click = SILENCE.copy()
    click[100] = 20000
    heard = arrived({"echo": {"delay_ms": 45, "level_db": -20}}, click)
    assert {int(place): int(heard[place]) for place in np.flatnonzero(heard)} == {100: 20000, 100 + 360: 2000}


def test_an_overload_cuts_the_peaks_and_leaves_the_rest() -> None:
    loud = tone(1000, 0)
    ceiling = FULL_SCALE * 10 ** (-12 / 20)
    cut = arrived({"clip_dbfs": -12}, loud)
    assert np.abs(cut.astype(int)).max() == pytest.approx(ceiling, abs=1)
    below = np.abs(loud.astype(int)) < ceiling - 1
    assert np.array_equal(cut[below], loud[below])


def test_gain_is_in_decibels() -> None:
    assert level_of(arrived({"gain_db": -17}, tone(1000, -3)), 1000) == pytest.approx(-20, abs=0.01)


def test_a_bad_contact_makes_gaps_of_the_length_and_distance_asked_for() -> None:
    steady = np.full(len(SILENCE), 1000, np.int16)
    broken = arrived({"gaps": {"length_ms": 10, "every_ms": 50}}, steady).reshape(-1, 400)
    assert (broken[:, :80] == 0).all()
    assert (broken[:, 80:] == 1000).all()


def test_named_packets_are_lost_and_no_others() -> None:
    frames = carried({"loss": {"packets": [0, 7]}})
    assert [place for place, frame in enumerate(frames) if frame is Absent.LOST] == [0, 7]


def test_packets_are_lost_by_chance_at_the_rate_asked_for() -> None:
    frames = carried({"loss": {"percent": 5}}, np.zeros(10_000 * FRAME_SAMPLES, np.int16))
    assert 400 < sum(frame is Absent.LOST for frame in frames) < 600


def test_bursts_of_loss_have_the_rate_and_the_mean_length_that_are_asked_for() -> None:
    quality = {"loss": {"percent": 5, "burst": 2.5}}
    lost = [frame is Absent.LOST for frame in carried(quality, np.zeros(20_000 * FRAME_SAMPLES, np.int16))]
    bursts = sum(now and not before for before, now in pairwise([False, *lost]))
    assert sum(lost) / len(lost) == pytest.approx(0.05, abs=0.01)
    assert sum(lost) / bursts == pytest.approx(2.5, abs=0.3)


def test_a_telephone_that_suppresses_silence_sends_what_sounds_and_a_while_of_what_follows() -> None:
    keys = tone(697, -10, 10 * FRAME_SAMPLES)
    quiet = np.zeros(10 * FRAME_SAMPLES, np.int16)
    frames = carried({"suppression": {"hangover_ms": 60}}, np.concatenate([keys, quiet, keys]))
    sent = [frame is not Absent.NOT_SENT for frame in frames]
    assert sent == [True] * 13 + [False] * 7 + [True] * 10


def test_a_line_does_the_same_each_time_and_another_with_another_seed() -> None:
    quality = {"noise": {"snr_db": 20}, "loss": {"percent": 10}}
    first, again, other = (arrived(quality | {"seed": seed}) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[:1600], other[:1600])


def test_a_stream_of_frames_is_damaged_as_the_whole_recording_is_by_the_same_functions() -> None:
    quality = {
        "room": {"reverberation_s": 0.3, "direct_db": 10},
        "gaps": {"length_ms": 3, "every_ms": 333},
        "hum": {"level_dbm0": -20, "mains_hz": 60},
        "dial_tone": {"level_dbm0": -25},
        "noise": {"snr_db": 20},
        "echo": {"delay_ms": 45, "level_db": -15},
        "clip_dbfs": -9,
        "law": "alaw",
        "seed": 5,
    }
    keys, at = tone(697, -6), places(len(SILENCE))
    response = room_response(0.3, 10, np.random.default_rng((5, 2)))
    whole, _ = reverberant(to_float32(keys).astype(np.float64), silence_before_response(response), response)
    whole = silenced(whole, recurring(at, every_ms=333, length_ms=3))
    whole = whole + amplitude_of(-20) * added.hum(at, 60) + amplitude_of(-25) * added.tone(at, 400)
    noise = added.white_noise(at.size, np.random.default_rng((5, 0)))
    whole = whole + added.factor_below(amplitude_of(-10) ** 2, 20) * noise
    whole, _ = echoed(whole, silence_before_echo(45), -15)
    expected = companded(to_int16(clipped(whole, 10 ** (-9 / 20))), Law.ALAW)
    assert np.array_equal(arrived(quality, keys), expected)


def test_everything_at_once_still_lets_keys_through() -> None:
    keys = to_int16(synthesize("147*2580369#", tone_s=0.1, pause_s=0.1))
    keys = np.pad(keys, (0, -len(keys) % FRAME_SAMPLES))
    quality = {
        "law": "alaw",
        "gain_db": -6,
        "noise": {"snr_db": 25},
        "hum": {"level_dbm0": -30},
        "dial_tone": {"level_dbm0": -30},
        "echo": {"delay_ms": 20, "level_db": -20},
        "clip_dbfs": -6,
    }
    assert decode(arrived(quality, keys)) == "147*2580369#"


@pytest.mark.parametrize(
    ("quality", "field", "limit"),
    [
        ({"noise": {"snr_db": 61}}, "snr_db", "60"),
        ({"echo": {"delay_ms": 0, "level_db": -10}}, "delay_ms", "1"),
        ({"echo": {"delay_ms": 10, "level_db": 0}}, "level_db", "-3"),
        ({"loss": {"percent": 21}}, "percent", "20"),
        ({"clip_dbfs": 1}, "clip_dbfs", "0"),
        ({"gain_db": 21}, "gain_db", "20"),
        ({"hum": {"level_dbm0": 1}}, "level_dbm0", "0"),
        ({"gaps": {"length_ms": 41, "every_ms": 60}}, "length_ms", "40"),
        ({"gaps": {"length_ms": 30, "every_ms": 25}}, "gaps", "leave nothing"),
        ({"law": "g729"}, "law", "alaw"),
        ({"nose": {}}, "nose", "noise"),
    ],
)
def test_a_value_that_no_line_has_is_named_with_what_it_may_be(quality: dict[str, Any], field: str, limit: str) -> None:
    with pytest.raises(ValidationError) as raised:
        LineQuality.model_validate(quality)
    assert field in str(raised.value)
    assert limit in str(raised.value)


def test_a_room_sounds_on_and_its_walls_are_the_same_each_time() -> None:
    click = SILENCE.copy()
    click[100] = 20000
    room = {"room": {"reverberation_s": 0.5, "direct_db": 6}}
    heard = arrived(room, click).astype(float)
    assert heard[100] == 20000
    energy = [float(np.sum(heard[begin : begin + 800] ** 2)) for begin in (200, 1000, 1800, 2600)]
    assert [10 * np.log10(later / earlier) for earlier, later in pairwise(energy)] == pytest.approx([-12] * 3, abs=3)
    assert 10 * np.log10(20000**2 / np.sum(heard[101:] ** 2)) == pytest.approx(6, abs=0.5)
    assert np.array_equal(heard, arrived(room, click))
    assert not np.array_equal(heard, arrived(room | {"seed": 2}, click))


@pytest.mark.parametrize("coder", ["gsm", "amr-12.2", "g729"])
def test_keys_are_heard_through_a_coder_whose_frames_come_one_by_one(coder: str) -> None:
    try:
        NARROW[coder]()
    except LibraryMissingError as missing:
        pytest.skip(str(missing))
    keys = to_int16(synthesize("159D0*#", level_dbm0=-10, lead_s=0.1))
    keys = np.pad(keys, (0, -keys.size % FRAME_SAMPLES))
    heard = arrived({"coder": coder}, keys)
    assert not np.array_equal(heard, keys)
    assert decode(heard) == "159D0*#"


def test_a_coder_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(ValidationError, match=r"there is no coder 'evs' here, only gsm, amr-4\.75"):
        LineQuality.model_validate({"coder": "evs"})
