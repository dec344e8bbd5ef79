"""Files without a header, and files that libsndfile cannot read: only their names say what they are.

The names are those of Asterisk's file formats and of libsndfile.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sound.telephone import SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Assumed:
    """The assumptions about a file without a header; it has one channel.

    Attributes:
        rate: sampling rate in Hz.
        subtype: its coding, by libsndfile's name.
        coding: its coding, in words for people.
        instead: what to do if it is something else; "" if the name leaves no doubt.
    """

    rate: int
    subtype: str
    coding: str
    instead: str = ""

    def __str__(self) -> str:
        return f"taken as {self.coding}, {self.rate} Hz, one channel{self.instead}"


_LINEAR: Final = "16 bit linear, little endian"
_ULAW: Final = Assumed(SAMPLE_RATE_HZ, "ULAW", "mu-law")
_ALAW: Final = Assumed(SAMPLE_RATE_HZ, "ALAW", "A-law")
_OTHER_LAW: Final = "; if that is noise, name it .ulaw, .alaw or .sln16 (16 kHz), as it is"

ASSUMED: Final = MappingProxyType(
    {
        **dict.fromkeys((".ulaw", ".ul", ".ulw", ".mu", ".pcmu"), _ULAW),
        **dict.fromkeys((".alaw", ".al", ".alw", ".pcma"), _ALAW),
        ".raw": Assumed(SAMPLE_RATE_HZ, "PCM_16", _LINEAR, _OTHER_LAW),
        ".sln": Assumed(SAMPLE_RATE_HZ, "PCM_16", _LINEAR),
        **{f".sln{rate}": Assumed(1000 * rate, "PCM_16", _LINEAR) for rate in (8, 12, 16, 24, 32, 48, 96, 192)},
        ".sln44": Assumed(44_100, "PCM_16", _LINEAR),
        ".gsm": Assumed(SAMPLE_RATE_HZ, "GSM610", "GSM full rate"),
        ".vox": Assumed(SAMPLE_RATE_HZ, "VOX_ADPCM", "Dialogic ADPCM"),
    }
)
"""What to assume, by the file name's ending in lower case."""

_FOREIGN: Final = frozenset(
    {".3gp", ".aac", ".amr", ".awb", ".g722", ".g723", ".g729", ".m4a", ".mka", ".mkv", ".mov", ".mp4", ".webm", ".wma"}
)
"""File name endings of formats that ffmpeg reads and libsndfile does not."""
_HEADERS: Final = (b"RIFF", b"RIFX", b"RF64", b"FORM", b".snd", b"fLaC", b"OggS", b"caff", b"ID3")


def assumed(path: Path, start: bytes) -> Assumed | None:
    """Return what to assume about a file; None if it has a header, or its name says nothing.

    Args:
        path: the file's name.
        start: its first bytes, at least four.
    """
    return None if start.startswith(_HEADERS) else ASSUMED.get(path.suffix.lower())


def remedy(path: Path) -> str:
    """Return what to do about a file that libsndfile cannot read, to end an error's text; "" if nothing helps."""
    ending = path.suffix.lower()
    if ending in _FOREIGN:
        return (
            f"; convert it: ffmpeg -i {shlex.quote(str(path))} -ar {SAMPLE_RATE_HZ} {shlex.quote(path.stem + '.wav')}"
        )
    if ending == ".wav":
        return ""
    return "; if it has no header, its name must say what it is: .ulaw, .alaw, .gsm, .sln (16 bit), .sln16 (at 16 kHz)"
