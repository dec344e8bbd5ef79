"""Speech coders: what a network does to tones by coding them, in place of a line.

Most coders are ffmpeg's, run as a command; GSM, AMR and G.729 are separate libraries (`dsp.line.speech_coders`). If
this machine lacks a coder, the tables leave it out and say so.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.line import speech_coders
from dsp.line.speech_coders import LibraryMissingError
from sound.telephone import SAMPLE_RATE_HZ

FFMPEG_TIMEOUT_S: Final = 120.0
WIDE_RATE: Final = 16000
LEAD: Final = 4000
"""Silence before and after a recording, in samples, so that a coder's delay cuts nothing off."""

Linear = NDArray[np.int16]


class CoderMissingError(Exception):
    """This machine lacks a coder; the message says which Debian package has it."""


@dataclass(frozen=True, slots=True)
class FfmpegCoder:
    """ffmpeg's options to code samples and to decode the result.

    Attributes:
        encoder: the encoder's name, to check whether this build has it.
        options: options for coding, after the input.
        container: the format between coding and decoding.
        rate: the coder's sampling rate in Hz.
        decode: options for decoding, before the input.
    """

    encoder: str
    options: tuple[str, ...]
    container: str
    rate: int = SAMPLE_RATE_HZ
    decode: tuple[str, ...] = ()


def _opus(kilobits: int) -> FfmpegCoder:
    options = ("-b:a", f"{kilobits}k", "-application", "voip", "-cutoff", "4000", "-frame_duration", "20")
    return FfmpegCoder("libopus", options, "ogg")


def _g726(kilobits: int) -> FfmpegCoder:
    form = ("-code_size", str(kilobits // 8), "-ar", str(SAMPLE_RATE_HZ), "-ac", "1")
    return FfmpegCoder("g726", ("-b:a", f"{kilobits}k"), "g726", decode=form)


_FFMPEG: Final = {
    "g723.1": FfmpegCoder("g723_1", ("-b:a", "6.3k"), "g723_1"),
    "g722": FfmpegCoder("g722", (), "g722", rate=WIDE_RATE),
    **{f"opus-{kilobits}": _opus(kilobits) for kilobits in (6, 8, 12, 16, 24)},
    **{f"g726-{kilobits}": _g726(kilobits) for kilobits in (16, 24, 32, 40)},
    **{f"speex-{kilobits}": FfmpegCoder("libspeex", ("-b:a", f"{kilobits}k"), "ogg") for kilobits in (8, 11, 15, 24)},
    "mp3-16": FfmpegCoder("libmp3lame", ("-b:a", "16k"), "mp3"),
}
CODERS: Final = (*_FFMPEG, *speech_coders.CODERS)
"""The names that `coded` takes."""


def coded(samples: Linear, chain: tuple[str, ...]) -> Linear:
    """Return samples at 8 kHz after a row of coders, each followed by its decoder.

    Args:
        samples: int16, (n,).
        chain: names from CODERS.

    Returns:
        int16, (n,), delayed by the coders.

    Raises:
        CoderMissingError: this machine lacks one of them.
        KeyError: there is no coder of that name.
    """
    out = np.concatenate([samples, np.zeros(LEAD, np.int16)])
    for name in chain:
        out = _by_ffmpeg(out, _FFMPEG[name]) if name in _FFMPEG else _by_library(out, name)
    return out


def missing_coders(names: Iterable[str]) -> dict[str, str]:
    """Return the coders that this machine lacks, each with what to install.

    Raises:
        KeyError: there is no coder of one of the names.
    """
    missing = {}
    for name in sorted(names):
        try:
            coded(np.zeros(SAMPLE_RATE_HZ, np.int16), (name,))
        except CoderMissingError as error:
            missing[name] = str(error)
    return missing


def _by_library(samples: Linear, name: str) -> Linear:
    try:
        return speech_coders.coded(samples, name)
    except LibraryMissingError as error:
        raise CoderMissingError(f"{name}: {error}") from error


def _by_ffmpeg(samples: Linear, coder: FfmpegCoder) -> Linear:
    if coder.encoder not in _ffmpeg_encoders():
        raise CoderMissingError(f"{coder.encoder}: needs ffmpeg with this encoder; on Debian: apt-get install ffmpeg")
    raw = ("-f", "s16le", "-ar", str(SAMPLE_RATE_HZ), "-ac", "1")
    bits = _ffmpeg(
        (*raw, "-i", "-", "-ar", str(coder.rate), "-c:a", coder.encoder, *coder.options, "-f", coder.container, "-"),
        samples.tobytes(),
    )
    back = _ffmpeg((*coder.decode, "-f", coder.container, "-i", "-", *raw, "-"), bits)
    return np.frombuffer(back, np.int16)


@cache
def _ffmpeg_encoders() -> frozenset[str]:
    if shutil.which("ffmpeg") is None:
        return frozenset()
    listed = subprocess.run(
        ["ffmpeg", "-hide_banner", "-encoders"],  # noqa: S607 - runs the installed one
        capture_output=True,
        text=True,
        timeout=FFMPEG_TIMEOUT_S,
        check=False,
    )
    return frozenset(words[1] for line in listed.stdout.splitlines() if len(words := line.split()) > 1)


def _ffmpeg(arguments: tuple[str, ...], data: bytes) -> bytes:
    done = subprocess.run(  # noqa: S603
        ["ffmpeg", "-hide_banner", "-loglevel", "error", *arguments],  # noqa: S607
        input=data,
        capture_output=True,
        timeout=FFMPEG_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise CoderMissingError(f"ffmpeg {' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
