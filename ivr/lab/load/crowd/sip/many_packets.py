"""A UDP socket that sends and takes many packets in one system call (sendmmsg(2), recvmmsg(2)).

Python's own calls cost several microseconds a packet. Here all of a tick's packets lie in one numpy array, and the
kernel walks through it while other threads run.
"""

from __future__ import annotations

import ctypes
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

AT_ONCE: Final = 1024
"""How many packets one call takes, as many as the kernel allows (UIO_MAXIOV)."""
LONGEST: Final = 256
"""The longest packet that is taken whole; 20 ms of G.711 in RTP are 172 octets."""
_BUFFER: Final = 8 << 20
_SO_TIMESTAMPNS: Final = 35
_SO_RCVBUFFORCE: Final = 33
_CONTROL: Final = 64

# Linux on 64 bits (bits/socket.h): struct msghdr, and the length that follows it in struct mmsghdr.
_MESSAGE: Final = np.dtype(
    [
        ("name", "u8"),
        ("name_length", "u4"),
        ("_1", "u4"),
        ("vector", "u8"),
        ("vectors", "u8"),
        ("control", "u8"),
        ("control_length", "u8"),
        ("flags", "i4"),
        ("_2", "u4"),
        ("length", "u4"),
        ("_3", "u4"),
    ]
)
_VECTOR: Final = np.dtype([("base", "u8"), ("length", "u8")])
_ADDRESS: Final = np.dtype([("family", "u2"), ("port", ">u2"), ("host", "u1", 4), ("_zero", "u1", 8)])
# struct cmsghdr (length, level, type) and the struct timespec of SO_TIMESTAMPNS behind it.
_STAMP: Final = np.dtype(
    [("length", "u8"), ("level", "i4"), ("kind", "i4"), ("s", "i8"), ("ns", "i8"), ("_rest", "u1", _CONTROL - 32)]
)

_C: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Taken:
    """Packets that were taken, in the order in which they came.

    Attributes:
        data: their octets, shape (packets, LONGEST).
        lengths: how many octets each has.
        ports: the port that each came from.
        at: when the kernel had each, in seconds since 1970.
    """

    data: NDArray[np.uint8]
    lengths: NDArray[np.uint32]
    ports: NDArray[np.uint16]
    at: NDArray[np.float64]


class ManyPackets:
    """A UDP socket on a free even port, as RTP wants it; the port above it takes RTCP and is never read.

    Args:
        host: the address to bind to.
        packets: an array of the packets to send, one a row, shape (places, octets); its content may change.
    """

    def __init__(self, host: str, packets: NDArray[np.uint8]) -> None:
        self._socket, self._beside = _pair(host)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        with suppress(PermissionError):  # beyond the system's limit that takes root
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        self._packets = packets  # keeps the memory that the messages point to
        places, octets = packets.shape
        self._addresses = np.zeros(places, _ADDRESS)
        self._addresses["family"] = socket.AF_INET
        rows = np.arange(places, dtype=np.uint64)
        self._vectors = np.zeros(places, _VECTOR)
        self._vectors["base"] = packets.ctypes.data + rows * np.uint64(packets.strides[0])
        self._vectors["length"] = octets
        self._messages = _messages(self._addresses, self._vectors)
        self._room = np.zeros((AT_ONCE, LONGEST), np.uint8)
        self._from = np.zeros(AT_ONCE, _ADDRESS)
        self._into = np.zeros(AT_ONCE, _VECTOR)
        self._into["base"] = self._room.ctypes.data + np.arange(AT_ONCE, dtype=np.uint64) * np.uint64(LONGEST)
        self._into["length"] = LONGEST
        self._stamps = np.zeros(AT_ONCE, _STAMP)
        self._incoming = _messages(self._from, self._into)
        self._incoming["control"] = _each(self._stamps)

    @property
    def port(self) -> int:
        """The port that it is bound to."""
        return int(self._socket.getsockname()[1])

    def address(self, place: int, host: str, port: int) -> None:
        """Set where the packets of a place go."""
        self._addresses["host"][place] = np.frombuffer(socket.inet_aton(host), np.uint8)
        self._addresses["port"][place] = port

    def send(self, places: NDArray[np.intp]) -> None:
        """Send the packets of these places.

        Raises:
            OSError: the kernel did not take them.
        """
        batch = self._messages[places]
        sent = 0
        while sent < len(batch):
            where = batch.ctypes.data + sent * _MESSAGE.itemsize
            taken = _C.sendmmsg(self._socket.fileno(), ctypes.c_void_p(where), len(batch) - sent, 0)
            if taken < 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
            sent += taken

    def send_one(self, place: int, packet: bytes) -> None:
        """Send another packet to where a place's packets go."""
        address = self._addresses[place]
        self._socket.sendto(packet, (socket.inet_ntoa(address["host"].tobytes()), int(address["port"])))

    def take(self) -> Taken:
        """Take the packets that are there, at most `AT_ONCE`; the arrays are good until the next call."""
        self._incoming["name_length"] = _ADDRESS.itemsize
        self._incoming["control_length"] = _CONTROL
        count = _C.recvmmsg(
            self._socket.fileno(), ctypes.c_void_p(self._incoming.ctypes.data), AT_ONCE, socket.MSG_DONTWAIT, None
        )
        count = max(count, 0)  # EAGAIN: there are none
        stamps = self._stamps[:count]
        at = stamps["s"] + stamps["ns"] * 1e-9
        return Taken(
            self._room[:count],
            self._incoming["length"][:count],
            self._from["port"][:count].astype(np.uint16),
            at,
        )

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        self._beside.close()


def _messages(addresses: NDArray[np.void], vectors: NDArray[np.void]) -> NDArray[np.void]:
    made = np.zeros(len(addresses), _MESSAGE)
    made["name"], made["name_length"] = _each(addresses), _ADDRESS.itemsize
    made["vector"], made["vectors"] = _each(vectors), 1
    return made


def _each(array: NDArray[np.void]) -> NDArray[np.uint64]:
    """The address of each element of an array."""
    return array.ctypes.data + np.arange(len(array), dtype=np.uint64) * np.uint64(array.itemsize)


def _pair(host: str) -> tuple[socket.socket, socket.socket]:
    """Bind two sockets to an even port and the one above it."""
    while True:
        first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        try:
            first.bind((host, 0))
            port = int(first.getsockname()[1])
            if port % 2 == 0:
                second.bind((host, port + 1))
                return first, second
        except OSError:
            pass  # another program has one of them
        first.close()
        second.close()
