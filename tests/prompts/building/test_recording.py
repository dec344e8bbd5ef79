from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from prompts import ClipError, load_catalogue
from prompts.building import sound
from prompts.building.levels import faults
from prompts.building.recording import read_recording
from sound.samples import to_float32

RATE_HZ = 44100


@pytest.fixture(scope="module")
def speech() -> NDArray[np.float64]:
    """Return speech at 44.1 kHz with an active level of -20 dBFS."""
    return resample_poly(to_float32(load_catalogue("en").clip("password.ask")), 441, 80)


def saved(directory: Path, samples: NDArray[np.floating[Any]], rate_hz: int = RATE_HZ, name: str = "take.wav") -> Path:
    path = directory / name
    soundfile.write(path, samples, rate_hz)
    return path


@pytest.mark.parametrize("gain_db", [-25, -10, 4])
@pytest.mark.parametrize("name", ["take.wav", "take.flac", "take.ogg"])
def test_a_recording_comes_out_at_telephone_rate_and_level(
    tmp_path: Path, speech: NDArray[np.float64], gain_db: float, name: str
) -> None:
    stereo = 10 ** (gain_db / 20) * np.stack([speech, speech], axis=1)
    clip = read_recording(saved(tmp_path, stereo, name=name))
    assert clip.dtype == np.int16
    assert len(clip) / 8000 == pytest.approx(len(speech) / RATE_HZ, abs=0.1)
    assert sound.active_level_dbfs(to_float32(clip).astype(np.float64)) == pytest.approx(-20, abs=0.5)
    assert faults(clip) == []


def test_silence_around_the_speech_is_cut_also_where_the_room_is_heard(
    tmp_path: Path, speech: NDArray[np.float64]
) -> None:
    room = np.random.default_rng(1).normal(0, 10 ** (-62 / 20), len(speech) + 4 * RATE_HZ)
    clip = read_recording(saved(tmp_path, room + np.pad(speech, 2 * RATE_HZ)))
    assert len(clip) / 8000 == pytest.approx(len(speech) / RATE_HZ, abs=0.2)


def test_a_recording_that_came_through_a_telephone_keeps_its_timbre(tmp_path: Path) -> None:
    before = to_float32(load_catalogue("en").clip("password.ask"))
    after = to_float32(read_recording(saved(tmp_path, before, 8000)))
    spectra = [np.abs(np.fft.rfft(samples, 65536)) ** 2 for samples in (before, after)]
    consonants = [spectrum[16384:28000].sum() / spectrum.sum() for spectrum in spectra]
    assert consonants[0] == pytest.approx(consonants[1], rel=0.02)


def test_a_clipped_recording_is_refused(tmp_path: Path, speech: NDArray[np.float64]) -> None:
    with pytest.raises(ClipError, match=r"take\.wav is clipped: \d+ samples stand at full scale; record it again"):
        read_recording(saved(tmp_path, np.clip(20 * speech, -1, 1)))


@pytest.mark.parametrize(
    ("samples", "rate_hz", "message"),
    [
        (np.zeros(RATE_HZ), RATE_HZ, "is silent: its active level is -inf dBFS"),
        (np.zeros(61 * 8000), 8000, "lasts 61 s, more than 60; shorten it"),
        (np.zeros(0), 8000, "holds no samples"),
        (np.full(6000, 0.1), 6000, "has a rate of 6000 Hz; give one of 8000 to 192000"),
        (np.random.default_rng(1).normal(0, 0.001, RATE_HZ), RATE_HZ, r"is silent: .* -\d+ dBFS|is too soft"),
    ],
)
def test_a_hopeless_recording_is_refused_with_figures(
    tmp_path: Path, samples: NDArray[np.float64], rate_hz: int, message: str
) -> None:
    with pytest.raises(ClipError, match=rf"take\.wav .*({message})"):
        read_recording(saved(tmp_path, samples, rate_hz))


def test_a_recording_that_would_need_too_much_gain_is_refused(tmp_path: Path, speech: NDArray[np.float64]) -> None:
    path = tmp_path / "take.wav"
    soundfile.write(path, speech / 50, RATE_HZ, subtype="PCM_24")
    with pytest.raises(ClipError, match=r"too soft: its active level is -5\d dBFS, and it would take 3\d dB|is silent"):
        read_recording(path)


def test_speech_that_cannot_be_brought_to_level_for_its_peaks_is_refused(
    tmp_path: Path, speech: NDArray[np.float64]
) -> None:
    knock = speech / 20
    knock[RATE_HZ : RATE_HZ + 40] = 0.9
    with pytest.raises(ClipError, match=r"brought to telephone level, has an active level of -[23]\d\.\d dBFS"):
        read_recording(saved(tmp_path, knock))


@pytest.mark.parametrize("content", [b"", b"no audio at all", b"RIFF\x00\x00"])
def test_what_is_no_audio_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(content)
    with pytest.raises(ClipError, match=r"take\.wav cannot be read as audio .*; give a WAV or FLAC file"):
        read_recording(path)
