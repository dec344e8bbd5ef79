"""Hears what comes back to a test phone: captures the RTP of a call on the loopback interface.

A packet socket sees both directions on one clock, so a test can say how long after a key the guidance stopped. It needs
root. It writes nothing to disk.
"""

import socket
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from dsp.line.g711 import ulaw_decode
from sound.telephone import FULL_SCALE, SAMPLE_RATE_HZ
from tests.live.callers.media import EVENTS, PACKET_S, PCMU

_ETH_P_IP = 0x0800
_SO_TIMESTAMPNS = 35
_IP_PROTO_UDP = 17
_SILENCE_DBFS = -100.0
_LONGEST_PAUSE_S = 30


@dataclass(frozen=True)
class RtpPacket:
    """One packet.

    Attributes:
        at_s: when it passed, by the system's clock (`time.time`).
        source: the address and port that it came from.
        target: the address and port that it went to.
        payload_type: its RTP payload type; 0 is mu-law.
        timestamp: the time stamp of its first sample, in samples.
        payload: its payload.
    """

    at_s: float
    source: tuple[str, int]
    target: tuple[str, int]
    payload_type: int
    timestamp: int
    payload: bytes


@dataclass(frozen=True)
class Sound:
    """The mu-law audio of one direction of a call, in order of arrival."""

    packets: tuple[RtpPacket, ...]

    def samples(self, from_s: float = -np.inf, to_s: float = np.inf) -> npt.NDArray[np.int16]:
        """The audio that arrived within a span of time, 8 kHz, in one piece, each packet where its time stamp puts it.

        Packets that come late, or in a bunch, are not a gap: a phone's jitter buffer would hide that too. A jump of the
        time stamps by more than `_LONGEST_PAUSE_S` is a new stream, which follows on the last one.
        """
        pieces = [np.zeros(0, dtype=np.int16)]
        due: int | None = None
        for packet in self.packets:
            if not from_s <= packet.at_s < to_s:
                continue
            missing = 0 if due is None else (packet.timestamp - due) % (1 << 32)
            if 0 < missing <= _LONGEST_PAUSE_S * SAMPLE_RATE_HZ:
                pieces.append(np.zeros(missing, dtype=np.int16))
            pieces.append(ulaw_decode(np.frombuffer(packet.payload, dtype=np.uint8)))
            due = packet.timestamp + len(packet.payload)
        return np.concatenate(pieces)

    def level_dbfs(self, from_s: float = -np.inf, to_s: float = np.inf) -> float:
        """The mean level of the audio that arrived within a span of time; -100 for silence."""
        samples = self.samples(from_s, to_s).astype(np.float64)
        if samples.size == 0 or not samples.any():
            return _SILENCE_DBFS
        return max(_SILENCE_DBFS, 10 * float(np.log10(np.mean(samples**2) / FULL_SCALE**2)))

    def loud(self, above_dbfs: float = -40.0) -> tuple[tuple[float, float], ...]:
        """The spans in which every packet is louder than a level: when each started and ended, in seconds."""
        spans: list[tuple[float, float]] = []
        for packet in self.packets:
            if Sound((packet,)).level_dbfs() <= above_dbfs:
                continue
            start, end = packet.at_s, packet.at_s + PACKET_S
            if spans and start - spans[-1][1] < PACKET_S / 2:
                start = spans.pop()[0]
            spans.append((start, end))
        return tuple(spans)


class RtpCapture:
    """Collects every RTP packet on an interface; a context manager. Ask for one phone's at any time."""

    def __init__(self, interface: str = "lo") -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.bind((interface, _ETH_P_IP))
        self._socket.settimeout(0.1)
        self._packets: list[RtpPacket] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._collect, name="rtp-capture")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def heard(self, host: str, port: int) -> Sound:
        """The audio that has come to a phone so far."""
        return Sound(tuple(p for p in list(self._packets) if p.target == (host, port) and p.payload_type == PCMU))

    def said(self, host: str, port: int) -> Sound:
        """The audio that a phone has sent so far, in-band keys included."""
        return Sound(tuple(p for p in list(self._packets) if p.source == (host, port) and p.payload_type == PCMU))

    def events(self, host: str, port: int) -> tuple[RtpPacket, ...]:
        """The RFC 4733 packets that a phone has sent so far."""
        return tuple(p for p in list(self._packets) if p.source == (host, port) and p.payload_type == EVENTS)

    def _collect(self) -> None:
        while not self._stop.is_set():
            try:
                data, ancillary, _, address = self._socket.recvmsg(2048, 64)
            except TimeoutError:
                continue
            # On the loopback interface each packet is seen going out and coming in.
            if address[2] == socket.PACKET_OUTGOING or not ancillary:
                continue
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
            packet = parse_rtp(data, seconds + nanoseconds / 1e9)
            if packet is not None:
                self._packets.append(packet)


def parse_rtp(data: bytes, at_s: float) -> RtpPacket | None:
    """Read an IPv4 packet; None if it carries no RTP."""
    if len(data) < 20 or data[0] >> 4 != 4 or data[9] != _IP_PROTO_UDP:
        return None
    head = (data[0] & 0x0F) * 4
    body = data[head + 8 :]
    if len(body) < 12 or body[0] != 0x80:
        return None
    source_port, target_port = struct.unpack_from(">HH", data, head)
    return RtpPacket(
        at_s=at_s,
        source=(socket.inet_ntoa(data[12:16]), source_port),
        target=(socket.inet_ntoa(data[16:20]), target_port),
        payload_type=body[1] & 0x7F,
        timestamp=struct.unpack_from(">I", body, 4)[0],
        payload=body[12:],
    )
