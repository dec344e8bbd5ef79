import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dsp import AudioError, decode, read_audio, synthesize, to_8k, write_audio
from dsp.audio import sides_at_8k


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000])
def test_keys_are_heard_in_wav_files_of_every_coding_and_rate(tmp_path: Path, subtype: str, rate: int) -> None:
    path = tmp_path / "keys.wav"
    write_audio(path, synthesize("159#0D", fs=rate, tone_s=0.06, pause_s=0.05), rate, subtype=subtype)
    samples, fs = read_audio(path)
    assert fs == rate
    assert decode(samples, fs) == "159#0D"


def test_stereo_is_averaged_or_given_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    keys = synthesize("42")
    write_audio(path, np.stack([keys, np.zeros_like(keys)], axis=1), 8000)
    mixed, _ = read_audio(path)
    both, _ = read_audio(path, mono=False)
    assert mixed.shape == keys.shape
    assert both.shape == (keys.size, 2)
    assert decode(mixed) == "42"


def test_floats_are_written_as_the_nearest_16_bit_samples_and_read_back_exactly(tmp_path: Path) -> None:
    path, again = tmp_path / "steps.wav", tmp_path / "again.wav"
    write_audio(path, np.array([0.0, 0.6, -0.4, -0.6, 100.7, 32767.6, -32768.0]) / 32768, 8000)
    write_audio(again, read_audio(path)[0], 8000)
    assert soundfile.read(again, dtype="int16")[0].tolist() == [0, 1, 0, -1, 101, 32767, -32768]


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"hello, this is text\n" * 50, b"RIFF\x24\x00\x00\x00WAVEfmt ", bytes(2000)]
)
def test_what_is_not_audio_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "not-audio.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_absent_file_and_a_directory_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no such file"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="is a directory"):
        read_audio(tmp_path)


def test_a_file_without_samples_has_no_keys(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0), 8000)
    samples, fs = read_audio(path)
    assert decode(samples, fs) == ""


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be written"):
        write_audio(tmp_path / "no" / "such.wav", np.zeros(8), 8000)


@pytest.mark.parametrize("rate", [0, -8000, 10**9])
def test_impossible_rates_are_refused(rate: int) -> None:
    with pytest.raises(ValueError, match="sampling rate"):
        to_8k(np.zeros(100, np.float32), rate)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000])
@pytest.mark.parametrize("piece", [777, 8000, 100_000])
def test_a_file_read_in_pieces_is_the_file_read_whole(tmp_path: Path, rate: int, piece: int) -> None:
    path = tmp_path / "noise.wav"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 3 * rate + 123).astype(np.float32)
    write_audio(path, noise, rate, subtype="FLOAT")
    joined = np.concatenate(list(sides_at_8k(path, piece)))[:, 0]
    whole = to_8k(noise, rate)
    assert joined.shape == whole.shape
    assert joined == pytest.approx(whole, abs=1e-5)


FORGED_FLAC = (
    b"fLaC\x80\0\0\x22"
    + bytes.fromhex("10001000000000000000")
    + ((8000 << 44) | (15 << 36) | (1 << 36) - 1).to_bytes(8, "big")
    + bytes(16)
    + b"\xff\xf8"
    + bytes(66)
)


def test_the_length_that_a_header_claims_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "forged.flac"
    path.write_bytes(FORGED_FLAC)
    with pytest.raises(AudioError, match=r"forged\.flac"):
        read_audio(path)


def test_no_more_is_read_than_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    write_audio(path, np.zeros((100_000, 2)), 8000)
    assert read_audio(path, longest_s=0.5)[0].shape == (4000,)
    assert read_audio(path, longest_s=10)[0].shape == (80_000,)
    assert read_audio(path, mono=False)[0].shape == (100_000, 2)


def test_a_pipe_will_do(tmp_path: Path) -> None:
    path = tmp_path / "keys.wav"
    write_audio(path, np.zeros(70_000), 8000)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    assert read_audio(pipe)[0].shape == (70_000,)
    writer.join()
