"""Each kind of damage does what its name and its figures say."""

import numpy as np
import pytest

from dsp.line import added, gaps, reflections
from dsp.line.converters import Law, clipped, companded
from dsp.line.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from dsp.line.samples import Samples, places

CLICK = np.eye(1, 8000)[0]


def amplitude(samples: Samples, hertz: float) -> float:
    return 2 * float(abs(np.mean(samples * np.exp(-2j * np.pi * hertz / 8000 * np.arange(samples.size)))))


def test_a_tone_has_amplitude_1_and_its_phase_at_place_0() -> None:
    tone = added.tone(places(8000), 400.0, np.pi / 2)
    assert tone[0] == 1.0
    assert amplitude(tone, 400) == pytest.approx(1)


def test_the_harmonics_of_hum_fall_as_one_by_n_and_there_are_no_others() -> None:
    hum = added.hum(places(8000), 50.0)
    assert [amplitude(hum, 50 * n) for n in range(1, 7)] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 0], abs=1e-9)


def test_noise_lies_as_far_below_a_power_as_it_is_said_to() -> None:
    noise = added.factor_below(0.04, 15) * added.white_noise(80_000, np.random.default_rng(1))
    assert 10 * np.log10(0.04 / np.mean(noise**2)) == pytest.approx(15, abs=0.05)


def test_recurring_gaps_begin_at_place_0_and_have_their_length_and_distance() -> None:
    marks = gaps.recurring(places(1600), every_ms=50, length_ms=10).reshape(-1, 400)
    assert marks[:, :80].all()
    assert not marks[:, 80:].any()


def test_a_lost_block_closes_the_stream_up() -> None:
    samples = np.arange(1000.0)
    left = gaps.closed_up(samples, gaps.stretches(places(1000), [100], 160))
    assert left.size == 840
    assert left[99:101].tolist() == [99, 260]


def test_silence_in_the_place_of_a_block_keeps_the_rest_in_its_place() -> None:
    samples = np.arange(1.0, 1001.0)
    left = gaps.silenced(samples, gaps.stretches(places(1000), [100, 840], 160))
    assert np.flatnonzero(left == 0).tolist() == [*range(100, 260), *range(840, 1000)]
    assert left[260] == 261


def test_an_echo_comes_once_and_later_and_weaker() -> None:
    heard, _ = reflections.echoed(CLICK, reflections.silence_before_echo(45), -20)
    assert {int(place): heard[place] for place in np.flatnonzero(heard)} == {0: 1.0, 360: pytest.approx(0.1)}


def test_what_comes_back_of_a_click_is_the_response() -> None:
    response = np.array([0.0, 0.5, -0.25])
    heard, sounding = reflections.reverberant(np.array([0.0, 1.0]), np.array([0.125, 0.0]), response)
    assert heard == pytest.approx([0.125, 1.0])
    assert sounding == pytest.approx([0.5, -0.25])


def test_a_room_is_as_far_below_the_direct_sound_as_it_is_said_to_be_and_decays_by_60_db_in_its_time() -> None:
    response = reflections.room_response(0.5, 8.0, np.random.default_rng(1))
    early, late = (np.sum(response[at : at + 800] ** 2) for at in (400, 2400))
    assert np.sum(response**2) == pytest.approx(10**-0.8)
    assert 10 * np.log10(early / late) == pytest.approx(60 * 0.25 / 0.5, abs=3)
    assert not response[:24].any()


def test_an_overload_cuts_the_peaks_and_leaves_the_rest() -> None:
    assert clipped(np.array([-0.9, -0.2, 0.0, 0.3, 0.31]), 0.3).tolist() == [-0.3, -0.2, 0.0, 0.3, 0.3]


def test_laws_are_those_of_g711_and_linear_is_none() -> None:
    samples = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(companded(samples, Law.ULAW), ulaw_decode(ulaw_encode(samples)))
    assert np.array_equal(companded(samples, Law.ALAW), alaw_decode(alaw_encode(samples)))
    assert companded(samples, Law.LINEAR) is samples
