"""Sound files: samples of full scale, or an error of ours that names the file; through a pipe, too."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from dsp.audio import read_audio, sides_at_8k
from dsp.errors import AudioError
from dsp.files import MAX_RATE
from tests.fuzz.inputs import split_head

LONGEST = 2048
_ENDINGS = (".wav", ".wav", ".wav", ".wav", ".raw", ".ulaw", ".gsm", ".vox", ".sln16", ".flac", ".ogg", ".mp3")
_LONGEST_S = 2.0


def one_input(data: bytes) -> None:
    head, content = split_head(data, 1)
    ending = _ENDINGS[head[0] % len(_ENDINGS)]
    path = _file(content, ending)
    remarks: list[str] = []
    try:
        samples, rate = read_audio(path, longest_s=_LONGEST_S, remark=remarks.append)
        assert 0 < rate <= MAX_RATE
        assert samples.ndim == 1
        assert samples.dtype == np.float32
        assert len(samples) <= _LONGEST_S * rate
        if rate == 8000:
            _the_same_piece_by_piece(path, samples)
    except AudioError as error:
        assert str(error).startswith(str(path))
    assert all(remark.startswith(str(path)) for remark in remarks)


def _the_same_piece_by_piece(path: Path, samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
    pieces = list(sides_at_8k(path, 160, longest_s=_LONGEST_S))
    sides = np.concatenate(pieces)
    assert len(sides) == len(samples)
    if sides.shape[1] == 1:
        assert np.array_equal(sides[:, 0], samples, equal_nan=True)


def _file(content: bytes, ending: str) -> Path:
    """A file in memory, for this process."""
    path = Path(f"/dev/shm/karipass-fuzz-{os.getpid()}{ending}")  # noqa: S108 - replaced by each input
    path.write_bytes(content)
    return path
