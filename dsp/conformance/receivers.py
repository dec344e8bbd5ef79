"""The receivers that can be measured: ours, libspandsp's, and any command that prints keys."""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.audio import write_audio
from dsp.conformance.spandsp import decode_by_spandsp, load
from dsp.profiles import Profile
from dsp.receiver import decode
from dsp.tones import KEYS
from sound.telephone import SAMPLE_RATE_HZ

COMMAND_TIMEOUT_S: Final = 60.0
_KEYS_ONLY: Final = re.compile(f"[{re.escape(KEYS)}]+")


class CommandError(Exception):
    """A command to measure did not run; the message has the command and what it printed."""


@dataclass(frozen=True, slots=True)
class MeasuredReceiver:
    """A receiver to measure.

    Attributes:
        name: its name in the tables.
        decode: returns the keys in int16 samples at 8 kHz.
    """

    name: str
    decode: Callable[[NDArray[np.int16]], str]


def own_receiver(profile: Profile) -> MeasuredReceiver:
    """Return our receiver with a profile."""
    return MeasuredReceiver(f"dtmf ({profile.name})", lambda samples: decode(samples, profile=profile))


def spandsp_receiver() -> MeasuredReceiver:
    """Return libspandsp's receiver.

    Raises:
        SpandspMissingError: it is not installed.
    """
    library = load()
    return MeasuredReceiver("spandsp", lambda samples: decode_by_spandsp(samples, library=library))


def command_receiver(command: str) -> MeasuredReceiver:
    """Return a receiver that runs a command, which prints the keys of a WAV file.

    `{}` in the command stands for the file; without it the file is the last word. Lines such as "DTMF: 5" (multimon-ng)
    and lines of nothing but keys count, in order.

    Raises:
        CommandError: the command is empty.
    """
    words = shlex.split(command)
    if not words:
        raise CommandError("the command is empty; give one such as 'multimon-ng -q -a DTMF -t wav {}'")
    if "{}" not in words:
        words.append("{}")

    def hear(samples: NDArray[np.int16]) -> str:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "keys.wav"
            write_audio(file, np.concatenate([samples, np.zeros(SAMPLE_RATE_HZ // 2, np.int16)]), SAMPLE_RATE_HZ)
            return keys_in(_run([str(file) if word == "{}" else word for word in words]))

    return MeasuredReceiver(Path(words[0]).name, hear)


def keys_in(output: str) -> str:
    """Return the keys in a receiver's output."""
    found = []
    for line in output.splitlines():
        text = line.rpartition("DTMF:")[2] if "DTMF:" in line else line
        joined = "".join(text.split())
        if _KEYS_ONLY.fullmatch(joined):
            found.append(joined)
    return "".join(found)


def _run(words: list[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the user names the command to measure
            words, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CommandError(f"{shlex.join(words)}: {error}") from error
    return done.stdout
