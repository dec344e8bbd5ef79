"""DTMF: tones, their generator, and a receiver for one channel or a thousand.

The receiver starts in `bank` with one matrix product for all channels (numpy). Then `lanes.advance` enters compiled
code (numba, see `compiled`): `screen` labels frames, `lanes` follows possible keys, `burst` and `measures` measure
them, and `verdict` decides. The first bank loads numba.

A name is loaded when it is first used, so that the help of `dtmf` does not wait for numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dsp.audio import read_audio, to_8k, write_audio
    from dsp.detector.bank import DetectorBank, Memory
    from dsp.errors import AudioError
    from dsp.events import BurstRefused, Event, FailedTest, Key, KeyEnded, KeyStarted, NearMiss
    from dsp.line.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
    from dsp.profiles import ATT, ETSI, NTT, PROFILES, Profile
    from dsp.receiver import Receiver, analyse, decode
    from dsp.recordings import analyse_file, decode_file
    from dsp.tones import KEYS, synthesize

__all__ = [
    "ATT",
    "ETSI",
    "KEYS",
    "NTT",
    "PROFILES",
    "AudioError",
    "BurstRefused",
    "DetectorBank",
    "Event",
    "FailedTest",
    "Key",
    "KeyEnded",
    "KeyStarted",
    "Memory",
    "NearMiss",
    "Profile",
    "Receiver",
    "alaw_decode",
    "alaw_encode",
    "analyse",
    "analyse_file",
    "decode",
    "decode_file",
    "read_audio",
    "synthesize",
    "to_8k",
    "ulaw_decode",
    "ulaw_encode",
    "write_audio",
]

_MODULES: Final = {
    "ATT": "dsp.profiles",
    "ETSI": "dsp.profiles",
    "KEYS": "dsp.tones",
    "NTT": "dsp.profiles",
    "PROFILES": "dsp.profiles",
    "AudioError": "dsp.errors",
    "BurstRefused": "dsp.events",
    "DetectorBank": "dsp.detector.bank",
    "Event": "dsp.events",
    "FailedTest": "dsp.events",
    "Key": "dsp.events",
    "KeyEnded": "dsp.events",
    "KeyStarted": "dsp.events",
    "Memory": "dsp.detector.bank",
    "NearMiss": "dsp.events",
    "Profile": "dsp.profiles",
    "Receiver": "dsp.receiver",
    "alaw_decode": "dsp.line.g711",
    "alaw_encode": "dsp.line.g711",
    "analyse": "dsp.receiver",
    "analyse_file": "dsp.recordings",
    "decode": "dsp.receiver",
    "decode_file": "dsp.recordings",
    "read_audio": "dsp.audio",
    "synthesize": "dsp.tones",
    "to_8k": "dsp.audio",
    "ulaw_decode": "dsp.line.g711",
    "ulaw_encode": "dsp.line.g711",
    "write_audio": "dsp.audio",
}
"""The module that defines each name."""

if not TYPE_CHECKING:  # type checkers read the imports above, and notice a wrong name

    def __getattr__(name: str) -> object:
        """Load a name on its first use; Python calls this for a name that is not there yet."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_MODULES[name]), name)
        globals()[name] = found
        return found
