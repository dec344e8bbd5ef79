"""Files as testers have them: never closed, broken off, without a header, from a pipe."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dsp import AudioError, alaw_encode, decode, read_audio, synthesize, ulaw_encode, write_audio
from dsp.files import opened
from dsp.files.byte_source import ByteSource
from dsp.files.headerless import ASSUMED
from sound.samples import to_int16

KEYS = synthesize("159#0D", tone_s=0.08, pause_s=0.08)
LINEAR = to_int16(KEYS)


def heard(path: Path) -> tuple[str, list[str]]:
    """Return the keys in a file, and the remarks on it."""
    remarks: list[str] = []
    samples, fs = read_audio(path, remark=remarks.append)
    return decode(samples, fs), remarks


def with_length(path: Path, length: int, riff: int = 0) -> None:
    """Write other lengths into the header of a WAV file, as a killed recorder leaves them."""
    content = bytearray(path.read_bytes())
    data, fact = content.index(b"data"), content.find(b"fact")
    content[4:8] = riff.to_bytes(4, "little")
    content[data + 4 : data + 8] = length.to_bytes(4, "little")
    if fact > 0:
        content[fact + 8 : fact + 12] = bytes(4)
    path.write_bytes(content)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW", "ALAW", "IMA_ADPCM", "GSM610"])
@pytest.mark.parametrize("length", [0, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("riff", [0, 36, 0xFFFFFFFF])
def test_a_wav_file_that_was_never_closed_is_read_to_its_end(
    tmp_path: Path, subtype: str, length: int, riff: int
) -> None:
    path = tmp_path / "killed.wav"
    write_audio(path, KEYS, 8000, subtype=subtype)
    with_length(path, length, riff)
    keys, (remark,) = heard(path)
    assert keys == "159#0D"
    assert remark.startswith(f"{path}: was never closed")
    assert f"{length} bytes" in remark


def test_a_header_with_a_wrong_riff_length_alone_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "riff.wav"
    write_audio(path, KEYS, 8000)
    with_length(path, 2 * KEYS.size, riff=0)
    assert heard(path) == ("159#0D", [])


def test_a_wav_file_that_is_broken_off_says_how_much_is_there(tmp_path: Path) -> None:
    path = tmp_path / "half.wav"
    write_audio(path, KEYS, 8000)
    content = path.read_bytes()
    path.write_bytes(content[: 44 + KEYS.size])
    keys, (remark,) = heard(path)
    assert "159#0D".startswith(keys)
    assert keys
    assert f"of {2 * KEYS.size} bytes of audio {KEYS.size} are there" in remark


def test_a_wav_file_whose_header_was_last_written_long_before_its_end_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "killed.wav"
    write_audio(path, KEYS, 8000)
    with_length(path, KEYS.size)
    keys, (remark,) = heard(path)
    assert keys == "159#0D"
    assert f"its header gives {KEYS.size} bytes of audio): read to its end, {2 * KEYS.size} bytes" in remark


@pytest.mark.parametrize(
    "behind", [b"LIST" + (8000).to_bytes(4, "little") + b"INFO" + bytes(7996), b"TAG" + bytes(125)]
)
def test_what_stands_behind_the_samples_is_no_audio(tmp_path: Path, behind: bytes) -> None:
    path = tmp_path / "noted.wav"
    write_audio(path, KEYS, 8000)
    path.write_bytes(path.read_bytes() + behind)
    assert heard(path) == ("159#0D", [])
    assert read_audio(path)[0].size == KEYS.size


def test_a_wav_file_without_samples_and_notes_behind_them_stays_without(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    write_audio(path, np.zeros(0), 8000)
    notes = b"LIST\x0e\0\0\0INFOISFT\x02\0\0\0me"
    path.write_bytes(path.read_bytes() + notes)
    samples, _ = read_audio(path)
    assert (samples.size, heard(path)[1]) == (0, [])


CODED = {
    ".ulaw": ulaw_encode(LINEAR).tobytes(),
    ".UL": ulaw_encode(LINEAR).tobytes(),
    ".pcmu": ulaw_encode(LINEAR).tobytes(),
    ".alaw": alaw_encode(LINEAR).tobytes(),
    ".al": alaw_encode(LINEAR).tobytes(),
    ".pcma": alaw_encode(LINEAR).tobytes(),
    ".raw": LINEAR.tobytes(),
    ".sln": LINEAR.tobytes(),
    ".sln16": to_int16(synthesize("159#0D", fs=16_000, tone_s=0.08, pause_s=0.08)).tobytes(),
}


@pytest.mark.parametrize("ending", CODED)
def test_a_file_without_a_header_is_what_its_name_says_and_that_is_said(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"keys{ending}"
    path.write_bytes(CODED[ending])
    keys, (remark,) = heard(path)
    assert keys == "159#0D"
    assert remark.startswith(f"{path}: has no header: taken as ")
    assert f"{ASSUMED[ending.lower()].rate} Hz, one channel" in remark


@pytest.mark.parametrize(("ending", "subtype"), [(".gsm", "GSM610"), (".vox", "VOX_ADPCM")])
def test_coders_without_a_header_are_read_too(tmp_path: Path, ending: str, subtype: str) -> None:
    path = tmp_path / f"keys{ending}"
    soundfile.write(path, KEYS, 8000, format="RAW", subtype=subtype)
    keys, remarks = heard(path)
    assert (keys, len(remarks)) == ("159#0D", 1)


def test_a_bare_file_of_one_law_is_decoded_as_the_recommendation_says(tmp_path: Path) -> None:
    path = tmp_path / "all.ulaw"
    path.write_bytes(bytes(range(256)))
    from dsp import ulaw_decode

    assert np.array_equal(read_audio(path)[0] * 32768, ulaw_decode(np.arange(256, dtype=np.uint8)))


@pytest.mark.parametrize("ending", [".raw", ".ulaw", ".gsm"])
def test_a_header_counts_more_than_the_name(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "keys.wav"
    write_audio(path, KEYS, 8000)
    named = path.rename(tmp_path / f"keys{ending}")
    assert heard(named) == ("159#0D", [])


def test_an_mp3_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.mp3"
    soundfile.write(path, KEYS, 8000)
    assert heard(path) == ("159#0D", [])


@pytest.mark.parametrize("ending", [".g722", ".g729", ".amr", ".m4a"])
def test_what_cannot_be_read_is_said_with_the_command_that_converts_it(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"my keys{ending}"
    path.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(AudioError) as caught:
        read_audio(path)
    assert f"ffmpeg -i '{path}' -ar 8000 'my keys.wav'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_that_says_nothing_of_a_file_without_a_header_is_told_which_would(tmp_path: Path) -> None:
    path = tmp_path / "keys.pcm"
    path.write_bytes(CODED[".raw"])
    with pytest.raises(AudioError, match=r"its name must say what it is: \.ulaw, \.alaw"):
        read_audio(path)


@pytest.mark.parametrize("name", ["keys.wav", "keys.ulaw"])
def test_an_empty_file_is_called_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(AudioError, match="it is empty"):
        read_audio(tmp_path / name)


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys.wav"
    write_audio(path, KEYS, 8000)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(AudioError, match=r"keys\.wav: cannot be read \(Permission denied\)"):
        read_audio(path)


Pipe = Callable[..., Path]


@pytest.fixture
def piped(tmp_path: Path) -> Iterator[Pipe]:
    """Return a function that sends a file through a pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writers = []

    def send(content: bytes, *, endless: bool = False) -> Path:
        def write() -> None:
            try:
                with pipe.open("wb", buffering=0) as end:
                    end.write(content)
                    while endless:
                        end.write(bytes(1 << 16))
            except BrokenPipeError:
                pass

        writers.append(threading.Thread(target=write))
        writers[-1].start()
        return pipe

    yield send
    for writer in writers:
        writer.join()


@pytest.mark.parametrize("length", [None, 0, 0xFFFFFFFF])
def test_a_wav_file_through_a_pipe_need_not_know_its_length(tmp_path: Path, piped: Pipe, length: int | None) -> None:
    path = tmp_path / "keys.wav"
    write_audio(path, KEYS, 8000)
    if length is not None:
        with_length(path, length)
    assert heard(piped(path.read_bytes())) == ("159#0D", [])


@pytest.mark.parametrize("name", ["keys.flac", "keys.ogg", "keys.mp3", "keys.au", "keys.aiff", "keys.caf"])
def test_any_kind_of_file_may_come_through_a_pipe(tmp_path: Path, piped: Pipe, name: str) -> None:
    soundfile.write(tmp_path / name, KEYS, 8000)
    assert heard(piped((tmp_path / name).read_bytes())) == ("159#0D", [])


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "GSM610"])
def test_coders_that_are_read_in_blocks_come_through_a_pipe(tmp_path: Path, piped: Pipe, subtype: str) -> None:
    path = tmp_path / "keys.wav"
    write_audio(path, KEYS, 8000, subtype=subtype)
    assert heard(piped(path.read_bytes())) == ("159#0D", [])


def test_of_a_pipe_without_an_end_no_more_is_read_than_is_asked_for(tmp_path: Path, piped: Pipe) -> None:
    path = tmp_path / "keys.wav"
    write_audio(path, KEYS, 8000)
    with_length(path, 0xFFFFFFFF)
    samples, _ = read_audio(piped(path.read_bytes(), endless=True), longest_s=10)
    assert samples.size == 80_000


def test_a_dash_is_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys.wav"
    write_audio(path, KEYS, 8000)
    code = "from dsp import decode_file; print(decode_file('-'))"
    sent = subprocess.run([sys.executable, "-c", code], input=path.read_bytes(), capture_output=True, check=True)
    assert sent.stdout == b"159#0D\n"
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(AudioError, match="standard input: nothing comes from it"), opened("-"):
        pass


class _Failing(io.RawIOBase):
    """A disk that fails after its first sector."""

    def __init__(self, content: bytes, error: BaseException) -> None:
        self._content, self._error, self._at = content, error, 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset if whence == os.SEEK_SET else len(self._content) + offset
        return self._at

    def read(self, count: int = -1) -> bytes:
        if self._at >= 512:
            raise self._error
        return self._content[self._at : self._at + count]


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_what_goes_wrong_while_c_reads_is_raised_and_not_printed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: OSError | KeyboardInterrupt,
) -> None:
    path = tmp_path / "keys.wav"
    write_audio(path, KEYS, 8000)
    content = path.read_bytes()
    monkeypatch.setattr("dsp.files.sound_file._stream", lambda *_: _Failing(content, error))
    expected = AudioError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        read_audio(path)
    if expected is AudioError:
        assert "keys.wav: broken off in the middle (Input/output error)" in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_source_goes_back_in_what_came_through_a_pipe() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    content = bytes(range(256)) * 4
    source = ByteSource(Pipe(content))
    assert source.read(300) == content[:300]
    source.seek(-200, os.SEEK_CUR)
    assert source.read(50) == content[100:150]
    source.replace(140, b"new")
    source.seek(138)
    assert source.read(8) == content[138:140] + b"new" + content[143:146]
    assert source.seek(-4, os.SEEK_END) == 1020
    assert source.read(100) == content[-4:]
    source.close()
