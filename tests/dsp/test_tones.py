import numpy as np
import pytest

from dsp import KEYS, synthesize
from dsp.tones import amplitude_of, key_tones, level_of


def test_keys_have_the_tones_of_q23() -> None:
    assert key_tones("1") == (697, 1209)
    assert key_tones("5") == (770, 1336)
    assert key_tones("#") == (941, 1477)
    assert key_tones("D") == (941, 1633)
    assert len({key_tones(key) for key in KEYS}) == 16


@pytest.mark.parametrize("key", ["", "12", "x", "a"])
def test_what_is_no_key_is_named(key: str) -> None:
    with pytest.raises(ValueError, match="no such key"):
        key_tones(key)


def test_a_full_scale_sine_is_3_14_dbm0() -> None:
    assert level_of(1.0) == pytest.approx(3.14)
    assert amplitude_of(3.14) == pytest.approx(1.0)


def test_synthesis_has_the_levels_twist_and_offsets_asked_for() -> None:
    samples = synthesize("1", tone_s=1.0, pause_s=0, level_dbm0=-12, twist_db=4, offset_percent=(1.0, -1.0))
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(8000))) * 4 / 8000
    low, high = 697 * 1.01, 1209 * 0.99
    assert spectrum[:1000].argmax() == pytest.approx(low, abs=1)
    assert 1000 + spectrum[1000:].argmax() == pytest.approx(high, abs=1)
    powers = [np.sqrt(np.sum(spectrum[int(f) - 3 : int(f) + 5] ** 2) / 1.5) for f in (low, high)]
    assert level_of(powers[0]) == pytest.approx(-14, abs=0.1)
    assert level_of(powers[1]) == pytest.approx(-10, abs=0.1)


def test_synthesis_is_as_long_as_its_parts() -> None:
    assert synthesize("15#", tone_s=0.05, pause_s=0.03, lead_s=0.1).size == 800 + 3 * (400 + 240)
    assert synthesize("15#", fs=16000, tone_s=0.05, pause_s=0.03).size == 480 + 3 * (800 + 480)


def test_noise_is_as_far_down_as_asked() -> None:
    quiet = synthesize("5", tone_s=1.0, pause_s=0.5)
    noisy = synthesize("5", tone_s=1.0, pause_s=0.5, snr_db=15)
    tone = quiet[4000:12000].astype(float)
    noise = (noisy - quiet).astype(float)
    assert 10 * np.log10(np.mean(tone**2) / np.mean(noise**2)) == pytest.approx(15, abs=0.2)


def test_negative_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        synthesize("1", tone_s=-0.1)
