"""Counts the UDP packets that leave a port on the loopback interface, in the kernel.

It uses a packet socket with a filter. The socket's packets are never read, only counted, so a counter costs little, and
a busy test process misses no packet. It needs root.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import Final

_ETH_P_IP: Final = 0x0800
_SO_ATTACH_FILTER: Final = 26
_SOL_PACKET: Final = 263
_PACKET_STATISTICS: Final = 6
_INSTRUCTION: Final = struct.Struct("HBBI")
_LEAST_BUFFER: Final = 1
"""The kernel takes the least buffer that it allows instead. It also counts packets that find no room in it."""

# Classic BPF (Linux, uapi/linux/bpf_common.h); a packet starts with its IPv4 header.
_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE = 0x20, 0x28, 0x30
_LOAD_HALF_AFTER_HEADER: Final = 0x48
_HEADER_LENGTH: Final = 0xB1
_IF_EQUAL: Final = 0x15
_IF_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06


class SentPackets:
    """Counts the packets that an address and port sends from now on."""

    def __init__(self, host: str, port: int) -> None:
        program = _program(host, port)
        room = ctypes.create_string_buffer(program, len(program))
        self._count = 0
        # It listens to no protocol until it is bound: nothing passes before the filter is there.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _LEAST_BUFFER)
        filtering = struct.pack("HL", len(program) // _INSTRUCTION.size, ctypes.addressof(room))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filtering)
        self._socket.bind(("lo", _ETH_P_IP))

    @property
    def count(self) -> int:
        """How many packets there were; the number stays when the counter is closed."""
        if self._socket.fileno() >= 0:
            passed, _dropped = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
            self._count += passed  # reading it sets it back; those that were dropped are among them
        return self._count

    def close(self) -> None:
        """Stop counting. May be called again."""
        _ = self.count
        self._socket.close()


def _program(host: str, port: int) -> bytes:
    """UDP, not a later fragment, from the address and port: steps of code, jump if true, jump if false, operand."""
    steps = (
        (_LOAD_WORD, 0, 0, 12),
        (_IF_EQUAL, 0, 7, int.from_bytes(socket.inet_aton(host))),
        (_LOAD_BYTE, 0, 0, 9),
        (_IF_EQUAL, 0, 5, socket.IPPROTO_UDP),
        (_LOAD_HALF, 0, 0, 6),
        (_IF_ANY_BIT, 3, 0, 0x1FFF),
        (_HEADER_LENGTH, 0, 0, 0),
        (_LOAD_HALF_AFTER_HEADER, 0, 0, 0),
        (_IF_EQUAL, 1, 0, port),
        (_RETURN, 0, 0, 0),
        (_RETURN, 0, 0, 1),
    )
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)
