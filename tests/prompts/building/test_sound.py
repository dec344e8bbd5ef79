import numpy as np
import pytest

from prompts.building import sound
from sound.telephone import SAMPLE_RATE_HZ


def sine(
    frequency_hz: float, duration_s: float, amplitude: float = 0.1, rate_hz: int = SAMPLE_RATE_HZ
) -> sound.Samples:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(round(duration_s * rate_hz)) / rate_hz)


def level_db(samples: sound.Samples) -> float:
    return 10 * float(np.log10(np.mean(np.square(samples))))


def gain_db(frequency_hz: float) -> float:
    through = sound.to_line(sine(frequency_hz, 1, rate_hz=48000), 48000)
    assert len(through) == SAMPLE_RATE_HZ
    return level_db(through[800:-800]) - level_db(sine(frequency_hz, 1))


@pytest.mark.parametrize(("frequency_hz", "expected_db"), [(350, 0), (1000, 0), (2000, 3.3), (3150, 6)])
def test_the_line_band_passes_with_its_consonants_lifted(frequency_hz: float, expected_db: float) -> None:
    assert gain_db(frequency_hz) == pytest.approx(expected_db, abs=0.5)


@pytest.mark.parametrize("frequency_hz", [50, 150, 3700, 3900])
def test_hum_and_treble_do_not_pass(frequency_hz: float) -> None:
    assert gain_db(frequency_hz) < -50


def test_nothing_above_the_line_rate_folds_into_the_band() -> None:
    assert level_db(sound.to_line(sine(7000, 1, rate_hz=48000), 48000)[800:-800]) < -70


@pytest.mark.parametrize("silence_s", [0, 1, 10])
def test_the_active_level_does_not_depend_on_pauses(silence_s: float) -> None:
    speech = np.concatenate([sine(500, 1), np.zeros(round(silence_s * SAMPLE_RATE_HZ)), sine(700, 1)])
    assert sound.active_level_dbfs(speech) == pytest.approx(-23.0, abs=0.1)


def test_faint_noise_in_the_pauses_does_not_count_as_speech() -> None:
    noise = np.random.default_rng(1).normal(0, 0.001, 5 * SAMPLE_RATE_HZ)
    assert sound.active_level_dbfs(np.concatenate([sine(500, 1), noise])) == pytest.approx(-23.0, abs=0.1)


def test_silence_has_no_level() -> None:
    assert sound.active_level_dbfs(np.zeros(SAMPLE_RATE_HZ)) == float("-inf")


def test_the_gain_leads_to_the_nominal_level() -> None:
    speech = sine(500, 1, amplitude=0.01)
    assert sound.active_level_dbfs(sound.gain_to_nominal(speech) * speech) == pytest.approx(-20, abs=0.01)


def test_the_gain_stops_where_a_peak_would_pass_the_limit() -> None:
    speech = sine(500, 1, amplitude=0.01)
    speech[4000] = 0.5
    peak = np.abs(sound.gain_to_nominal(speech) * speech).max()
    assert 20 * np.log10(peak) == pytest.approx(-3, abs=0.01)


def test_speech_is_cut_at_pauses_and_not_at_plosives() -> None:
    closure, pause = np.zeros(round(0.08 * SAMPLE_RATE_HZ)), np.zeros(round(0.4 * SAMPLE_RATE_HZ))
    first, second = np.concatenate([sine(500, 0.2), closure, sine(500, 0.1)]), sine(600, 0.3)
    parts = sound.utterances(np.concatenate([pause, first, pause, second, pause]), SAMPLE_RATE_HZ, min_gap_s=0.15)
    assert [len(part) / SAMPLE_RATE_HZ for part in parts] == pytest.approx(
        [0.4 + 0.38 + 0.2, 0.2 + 0.3 + 0.4], abs=0.02
    )


def test_silence_has_no_utterances() -> None:
    assert sound.utterances(np.zeros(SAMPLE_RATE_HZ), SAMPLE_RATE_HZ, min_gap_s=0.15) == []


def test_a_finished_clip_has_short_silences_of_known_length_and_no_step_at_its_edges() -> None:
    clip = sound.finish(np.concatenate([np.zeros(SAMPLE_RATE_HZ), sine(500, 0.5), np.zeros(SAMPLE_RATE_HZ)]))
    edge = round(sound.EDGE_SILENCE_S * SAMPLE_RATE_HZ)
    assert not clip[:edge].any()
    assert not clip[-edge:].any()
    assert len(clip) / SAMPLE_RATE_HZ == pytest.approx(0.5 + 2 * sound.EDGE_SILENCE_S + 0.03, abs=0.02)


def test_speech_that_begins_at_full_strength_is_faded_in_and_out() -> None:
    clip = sound.finish(np.full(SAMPLE_RATE_HZ, 0.5))
    assert np.abs(np.diff(clip)).max() < 0.03


def test_a_clip_of_silence_is_refused() -> None:
    with pytest.raises(ValueError, match="silence"):
        sound.finish(np.zeros(SAMPLE_RATE_HZ))
