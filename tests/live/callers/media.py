"""What a test phone sends: keys and pauses as RTP packets, in a capture file that sipp plays.

One file holds everything with its timing, tones and RFC 4733 events alike, so a test's phone is exact to a packet. The
file holds password digits: put it into a directory that goes when the test ends.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dsp.line.g711 import ulaw_encode
from dsp.line.losses import Losses
from dsp.tones import synthesize
from sound.samples import to_int16
from sound.telephone import SAMPLE_RATE_HZ

PACKET_SAMPLES = 160
PACKET_S = PACKET_SAMPLES / SAMPLE_RATE_HZ
PCMU = 0
EVENTS = 101

_EVENT_CODES = {key: code for code, key in enumerate("0123456789*#ABCD")}
# -10 dBm0, where the event's volume field counts down from 0.
_EVENT_VOLUME = 10
_END_REPEATS = 3
_LEAKED_PACKETS = 2


class KeyPath(Enum):
    """How a phone sends its keys."""

    IN_BAND = "tones in the audio"
    EVENTS = "RFC 4733 events, silence in the audio"
    BOTH = "a gateway that lets 40 ms of a tone pass in band before it sends the event"


@dataclass(frozen=True, kw_only=True)
class Press:
    """Keys pressed one after the other.

    Attributes:
        keys: any of ``0123456789*#ABCD``.
        after_s: seconds from the end of the press before (or from the answer) to the first key.
    """

    keys: str
    after_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How a finger, or an auto-dialler, presses; lengths are rounded to packets of 20 ms."""

    tone_s: float = 0.1
    gap_s: float = 0.1


BRISK = Timing()


@dataclass(frozen=True, kw_only=True)
class BadLine:
    """A way to the exchange that loses packets, and fingers that ignore packets: tones start anywhere within one.

    Attributes:
        loss: the share of packets that never arrive, by chance.
        burst: how many are lost together on average; 1: each by a chance of its own.
        seed: the seed of the chances.
    """

    loss: float
    burst: float = 1.0
    seed: int


@dataclass(frozen=True)
class _Stroke:
    key: str
    first: int
    packets: int


def _strokes(presses: Sequence[Press], timing: Timing) -> tuple[list[_Stroke], int]:
    """Lay the keys out on the 20 ms grid.

    Returns:
        The strokes, and the packet at which the last gap ends.
    """
    tone, gap = max(1, round(timing.tone_s / PACKET_S)), max(1, round(timing.gap_s / PACKET_S))
    strokes: list[_Stroke] = []
    at = 0
    for press in presses:
        at += round(press.after_s / PACKET_S)
        for key in press.keys:
            strokes.append(_Stroke(key, at, tone))
            at += tone + gap
    return strokes, at


def duration_s(presses: Sequence[Press], timing: Timing) -> float:
    """How many seconds pass from the answer until the last key and the gap behind it are over."""
    return _strokes(presses, timing)[1] * PACKET_S


def write_track(
    path: Path,
    presses: Sequence[Press],
    *,
    path_of_keys: KeyPath,
    timing: Timing,
    tail_s: float,
    line: BadLine | None = None,
) -> tuple[float, ...]:
    """Write the capture file of a whole call.

    Args:
        path: the file to write, in pcap format.
        presses: the keys.
        path_of_keys: how they are sent.
        timing: how they are pressed.
        tail_s: seconds of silence behind the last key (a phone sends audio as long as it is off-hook).
        line: what happens on the way; by default nothing.

    Returns:
        When each packet of the file is due, in seconds from its start.
    """
    chance = np.random.default_rng(0 if line is None else line.seed)
    losses = None if line is None else Losses(line.loss, line.burst, chance)
    strokes, end = _strokes(presses, timing)
    total = end + round(tail_s / PACKET_S)
    audio = np.zeros(total * PACKET_SAMPLES, dtype=np.int16)
    if path_of_keys is not KeyPath.EVENTS:
        for stroke in strokes:
            start, length = stroke.first * PACKET_SAMPLES, stroke.packets * PACKET_SAMPLES
            if line is not None:
                start += int(chance.integers(PACKET_SAMPLES))
            tone = synthesize(stroke.key, tone_s=length / SAMPLE_RATE_HZ, pause_s=0.0)
            audio[start : start + length] = to_int16(tone)
    events = {
        KeyPath.IN_BAND: [],
        KeyPath.EVENTS: strokes,
        KeyPath.BOTH: [
            _Stroke(stroke.key, stroke.first + _LEAKED_PACKETS, max(1, stroke.packets - _LEAKED_PACKETS))
            for stroke in strokes
        ],
    }[path_of_keys]
    packets = _packets(audio, events)
    due_s: list[float] = []
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for sequence, (when, marker, payload_type, timestamp, payload) in enumerate(packets):
            if losses is not None and losses.next():
                continue
            head = struct.pack(">BBHII", 0x80, marker << 7 | payload_type, sequence, timestamp, 0x6B617269)
            frame = _udp_frame(head + payload)
            due_s.append(when * PACKET_S)
            microseconds = round(due_s[-1] * 1e6)
            file.write(struct.pack("<IIII", *divmod(microseconds, 1_000_000), len(frame), len(frame)))
            file.write(frame)
    return tuple(due_s)


_Packet = tuple[int, bool, int, int, bytes]


def _packets(audio: npt.NDArray[np.int16], events: Sequence[_Stroke]) -> Iterator[_Packet]:
    """The packets of audio, and in its place events, in sending order: slot, marker, type, timestamp, payload."""
    law = ulaw_encode(audio).tobytes()
    by_slot: dict[int, list[_Packet]] = {}
    silenced: set[int] = set()
    for stroke in events:
        for i in range(stroke.packets):
            payload = _event(stroke.key, (i + 1) * PACKET_SAMPLES, end=False)
            packet = (stroke.first + i, i == 0, EVENTS, stroke.first * PACKET_SAMPLES, payload)
            by_slot.setdefault(stroke.first + i, []).append(packet)
        last = stroke.first + stroke.packets
        ending = _event(stroke.key, stroke.packets * PACKET_SAMPLES, end=True)
        for _ in range(_END_REPEATS):
            packet = (last, False, EVENTS, stroke.first * PACKET_SAMPLES, ending)
            by_slot.setdefault(last, []).append(packet)
        silenced.update(range(stroke.first, last))
    for slot in range(len(law) // PACKET_SAMPLES):
        yield from by_slot.get(slot, ())
        if slot not in silenced:
            start = slot * PACKET_SAMPLES
            yield slot, slot == 0, PCMU, start, law[start : start + PACKET_SAMPLES]


def _event(key: str, duration: int, *, end: bool) -> bytes:
    return struct.pack(">BBH", _EVENT_CODES[key], end << 7 | _EVENT_VOLUME, duration)


def _udp_frame(payload: bytes) -> bytes:
    """Ethernet, IPv4 and UDP headers; sipp fills in addresses, ports and checksum."""
    udp = struct.pack(">HHHH", 4000, 4000, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
    return bytes(12) + b"\x08\x00" + ip + udp
