"""DTMF: tones, their generator, and a receiver for one channel or a thousand.

The receiver begins in `bank`: one matrix product for all channels (numpy's), then `lanes.advance`, where compiled code
begins (numba's, see `compiled`): `screen` labels frames, `lanes` follows possible keys, `burst` and `measures` say what
they are, `verdict` decides. numba is loaded with the first bank.
"""

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
