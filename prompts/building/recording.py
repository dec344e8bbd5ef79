"""Makes a clip of an operator's own recording: any rate and format in; telephone rate, band and level out."""

from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from prompts.building import sound
from prompts.building.levels import LONGEST_S, SILENCE_DBFS, faults
from prompts.errors import ClipError
from sound.samples import to_int16
from sound.telephone import SAMPLE_RATE_HZ

HIGHEST_RATE_HZ: Final = 192_000
GREATEST_GAIN_DB: Final = 30.0  # with more gain, the noise of any room becomes louder than -50 dBFS
_FULL_SCALE: Final = 0.999
_CLIPPED_RUN: Final = 3  # samples: a peak of speech that just reaches full scale is shorter
_CLIPPED_SAMPLES: Final = 10


def read_recording(path: Path) -> NDArray[np.int16]:
    """Read a recording of any format that libsndfile knows, and make a clip of it.

    Channels are averaged. The band is that of a telephone line. Unlike those of a synthetic voice, the consonants are
    not lifted, because a recording may have come through a telephone before.

    Returns:
        int16 at 8 kHz, shape (n,).

    Raises:
        ClipError: it is not audio, or not usable: silent, clipped, too long, too soft, or of uneven level.
    """
    samples, rate_hz = _read(path)
    if clipped := _clipped_samples(samples):
        raise ClipError(f"{path} is clipped: {clipped} samples stand at full scale; record it again, softer")
    mono = samples.mean(axis=1)
    on_line = sound.to_line(mono, rate_hz, presence_db=0.0)
    level_dbfs = sound.active_level_dbfs(on_line)
    if level_dbfs < SILENCE_DBFS:
        raise ClipError(f"{path} is silent: its active level is {level_dbfs:.0f} dBFS; record it again, louder")
    gain = sound.gain_to_nominal(on_line)
    if 20 * np.log10(gain) > GREATEST_GAIN_DB:
        raise ClipError(
            f"{path} is too soft: its active level is {level_dbfs:.0f} dBFS, "
            f"and it would take {20 * np.log10(gain):.0f} dB to make it audible; record it again, louder"
        )
    clip = to_int16(sound.finish(gain * on_line, silence_dbfs=SILENCE_DBFS))
    if wrong := faults(clip):
        raise ClipError("\n".join(f"{path}, brought to telephone level, {fault}" for fault in wrong))
    return clip


def _read(path: Path) -> tuple[sound.Samples, int]:
    try:
        with soundfile.SoundFile(path) as file:
            rate_hz, duration_s = int(file.samplerate), file.frames / file.samplerate
            if not SAMPLE_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
                raise ClipError(f"{path} has a rate of {rate_hz} Hz; give one of {SAMPLE_RATE_HZ} to {HIGHEST_RATE_HZ}")
            if duration_s > LONGEST_S:
                raise ClipError(f"{path} lasts {duration_s:.0f} s, more than {LONGEST_S:.0f}; shorten it")
            samples = file.read(dtype="float64", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise ClipError(f"{path} cannot be read as audio ({error}); give a WAV or FLAC file") from error
    if not len(samples) or not np.isfinite(samples).all():
        raise ClipError(f"{path} holds no samples, or some that are not numbers; record it again")
    return samples, rate_hz


def _clipped_samples(samples: NDArray[np.float64]) -> int:
    """Return how many samples of all channels stand at full scale in runs; 0 if that may be chance."""
    found = 0
    for channel in samples.T:
        edges = np.diff(np.concatenate([[0], np.abs(channel) >= _FULL_SCALE, [0]]).astype(np.int8))
        runs = np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)
        found += int(runs[runs >= _CLIPPED_RUN].sum())
    return found if found >= _CLIPPED_SAMPLES else 0
