"""A wire that holds each frame up for a time drawn by chance: jitter, with or without frames that overtake each other.

Linux does this by netem, a module that not every kernel has. Here a process carries the frames between two network
devices instead, with their checksum notes (PACKET_VNET_HDR): veth devices leave checksums to the receiver.
"""

from __future__ import annotations

import heapq
import random
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from ivr.lab.hosts.namespace import enter
from ivr.lab.load.crowd.process import leave_interrupts

_SOL_PACKET: Final = 263
_VNET_HDR: Final = 15
_IGNORE_OUTGOING: Final = 23
"""From Linux' if_packet.h."""
_EVERY_PROTOCOL: Final = 3
_LARGEST_FRAME: Final = 70_000
_STARTS_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowWire:
    """A wire between two devices.

    Attributes:
        namespace: the network namespace of both.
        ends: their names. Nothing else may carry frames between them.
        most_s: how long a frame is held up at most; each time up to that is as likely.
        overtaking: whether a frame may overtake an earlier one. Otherwise it waits until that one is through.
    """

    namespace: Path
    ends: tuple[str, str]
    most_s: float
    overtaking: bool

    @contextmanager
    def carrying(self) -> Iterator[None]:
        """Carry frames until the end of the block.

        Raises:
            RuntimeError: the process that carries them did not start.
        """
        context = get_context("spawn")
        ours, its = context.Pipe()
        process = context.Process(target=_carry, args=(self, its), daemon=True)
        process.start()
        its.close()
        try:
            if not ours.poll(_STARTS_WITHIN_S) or not ours.recv():
                raise RuntimeError("the slow wire did not start")
            yield
        finally:
            process.kill()
            process.join()


@dataclass(slots=True)
class Held:
    """The frames that are held up.

    Args:
        most_s: as `SlowWire.most_s`.
        overtaking: as `SlowWire.overtaking`.
        drawn: draws from 0 to 1.
    """

    most_s: float
    overtaking: bool
    drawn: random.Random = field(default_factory=random.Random)
    _frames: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    _count: int = 0
    _latest: dict[int, float] = field(default_factory=dict)

    def hold(self, frame: bytes, *, towards: int, now: float) -> None:
        """Take a frame that goes towards an end."""
        due = now + self.most_s * self.drawn.random()
        if not self.overtaking:
            due = self._latest[towards] = max(due, self._latest.get(towards, due))
        self._count += 1
        heapq.heappush(self._frames, (due, self._count, towards, frame))

    def due(self, now: float) -> Iterator[tuple[int, bytes]]:
        """Give the frames whose time is over, each with the end that it goes to."""
        while self._frames and self._frames[0][0] <= now:
            _, _, towards, frame = heapq.heappop(self._frames)
            yield towards, frame

    def next_in(self, now: float) -> float | None:
        """In how many seconds the next frame is due; None if none is held."""
        return max(0.0, self._frames[0][0] - now) if self._frames else None


def _carry(wire: SlowWire, told: Connection) -> None:
    leave_interrupts()
    enter(wire.namespace)
    ends = [_open(name) for name in wire.ends]
    held = Held(wire.most_s, wire.overtaking)
    told.send(True)
    while True:
        readable, _, _ = select.select(ends, [], [], held.next_in(time.monotonic()))
        for end in readable:
            towards = 1 - ends.index(end)
            held.hold(end.recv(_LARGEST_FRAME), towards=towards, now=time.monotonic())
        for towards, frame in held.due(time.monotonic()):
            ends[towards].send(frame)


def _open(device: str) -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.setsockopt(_SOL_PACKET, _VNET_HDR, 1)
    opened.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    opened.bind((device, _EVERY_PROTOCOL))
    return opened
