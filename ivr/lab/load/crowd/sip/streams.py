"""The audio of all callers: a packet every 20 ms for each, at a moment of its own, and the packets that come back.

Each place has a slot within the 20 ms, so that packets do not leave in bursts of all calls. Between keys a place sends
silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp import ulaw_encode
from ivr.lab.load.crowd.keying import EventPacket, Keying
from ivr.lab.load.crowd.sip.many_packets import ManyPackets
from ivr.lab.load.crowd.trunk import LOSS_FRAMES, SLOTS, EntrySent, lost_frames
from ivr.lab.telephone.rtp import EVENTS, HEAD, MARKER, PCMU, VERSION
from sound.telephone import FRAME_SAMPLES

_PACKET: Final = np.dtype(
    [
        ("version", "u1"),
        ("kind", "u1"),
        ("sequence", ">u2"),
        ("stamp", ">u4"),
        ("source", ">u4"),
        ("payload", "u1", FRAME_SAMPLES),
    ]
)
_SILENCE: Final = ulaw_encode(np.zeros(FRAME_SAMPLES, np.int16))


@dataclass(slots=True)
class _Pressing:
    """An entry being sent, and how many of its frames were."""

    keying: Keying = field(repr=False)
    frame: int = 0


class Streams:
    """The streams of all places.

    Args:
        host: the callers' address.
        places: how many callers there are at once.
    """

    def __init__(self, host: str, places: int) -> None:
        self._packets = np.zeros(places, _PACKET)
        self._packets["version"] = VERSION
        self._packets["payload"] = _SILENCE
        self.socket = ManyPackets(host, self._packets.view(np.uint8).reshape(places, _PACKET.itemsize))
        self._open = np.zeros(places, np.bool_)
        self._sequence = np.zeros(places, np.int64)
        self._frame = np.zeros(places, np.int64)
        self._first_stamp = np.zeros(places, np.int64)
        self._marked = np.zeros(places, np.bool_)
        self._lost = np.zeros((places, LOSS_FRAMES), np.bool_)
        self._of_slot = [np.arange(slot, places, SLOTS) for slot in range(SLOTS)]
        self._pressing: dict[int, _Pressing] = {}
        self._place_of_port = np.full(1 << 16, -1, np.intp)
        self._ports = np.zeros(places, np.int64)

    def open(self, place: int, media: tuple[str, int], chance: np.random.Generator, *, loses: float) -> None:
        """Start the stream of a call.

        Args:
            place: whose call it is.
            media: the address and port where the exchange takes its audio.
            chance: draws the numbers that a stream starts with, and which packets are lost.
            loses: the share of packets that are lost.
        """
        self.socket.address(place, *media)
        self._ports[place] = media[1]
        self._place_of_port[media[1]] = place
        self._sequence[place], self._first_stamp[place] = chance.integers(1 << 15), chance.integers(1 << 31)
        self._packets["source"][place] = chance.integers(1 << 32)
        self._frame[place] = 0
        self._marked[place] = True
        self._lost[place] = lost_frames(chance, loses)
        self._open[place] = True

    def close(self, place: int) -> None:
        """End the stream of a call."""
        if not self._open[place]:
            return
        self._open[place] = False
        if self._place_of_port[self._ports[place]] == place:
            self._place_of_port[self._ports[place]] = -1
        self._pressing.pop(place, None)
        self._packets["payload"][place] = _SILENCE

    def press(self, place: int, keying: Keying) -> None:
        """Send an entry, from the next frame on."""
        self._pressing[place] = _Pressing(keying)

    # --- out ------------------------------------------------------------------------------------------------

    def send(self, slot: int) -> list[EntrySent]:
        """Send a frame for each open place of a slot; returns which entries start and end with it."""
        places = self._of_slot[slot]
        places = places[self._open[places]]
        if not len(places):
            return []
        lost = self._lost[places, self._frame[places] % LOSS_FRAMES]
        is_audio = np.ones(len(places), np.bool_)
        changed: list[EntrySent] = []
        for at, place in enumerate(places.tolist() if self._pressing else ()):
            pressing = self._pressing.get(place)
            if pressing is None:
                continue
            event = pressing.keying.events.get(pressing.frame)
            if event is None:
                self._packets["payload"][place] = pressing.keying.audio[pressing.frame]
            else:
                is_audio[at] = False
                self._send_event(place, event, lost=bool(lost[at]))
            if pressing.frame == 0:
                changed.append(EntrySent(place, pressing.keying, is_over=False))
            pressing.frame += 1
            if pressing.frame == pressing.keying.frames:
                changed.append(EntrySent(place, pressing.keying, is_over=True))
        audio = places[is_audio]
        packets = self._packets
        packets["kind"][audio] = np.where(self._marked[audio], MARKER | PCMU, PCMU)
        packets["sequence"][audio] = self._sequence[audio] & 0xFFFF
        packets["stamp"][audio] = (self._first_stamp[audio] + self._frame[audio] * FRAME_SAMPLES) & 0xFFFFFFFF
        self._sequence[audio] += 1
        self._marked[places] = ~is_audio  # behind a pause that was not sent (RFC 3551, 4.1)
        self._frame[places] += 1
        self.socket.send(places[is_audio & ~lost])
        for entry in changed:
            if entry.is_over:
                del self._pressing[entry.place]
                packets["payload"][entry.place] = _SILENCE
        return changed

    def _send_event(self, place: int, event: EventPacket, *, lost: bool) -> None:
        stamp = int(self._first_stamp[place]) + (int(self._frame[place]) - event.started) * FRAME_SAMPLES
        source = int(self._packets["source"][place])
        for number in range(event.repeats):
            kind = (MARKER if event.is_first and number == 0 else 0) | EVENTS
            head = HEAD.pack(VERSION, kind, int(self._sequence[place]) & 0xFFFF, stamp & 0xFFFFFFFF, source)
            self._sequence[place] += 1
            if not (lost and number == 0):
                self.socket.send_one(place, head + event.payload)

    # --- in -------------------------------------------------------------------------------------------------

    def take(self) -> tuple[NDArray[np.intp], NDArray[np.uint8], NDArray[np.float64]]:
        """Take packets of audio that have come.

        Returns:
            The place of each, shape (packets,); their mu-law code words, shape (packets, 160); when each came, in
            seconds since 1970.
        """
        taken = self.socket.take()
        places = self._place_of_port[taken.ports]
        wanted = (places >= 0) & (taken.lengths == _PACKET.itemsize) & (taken.data[:, 1] & ~np.uint8(MARKER) == PCMU)
        return places[wanted], taken.data[wanted, HEAD.size : _PACKET.itemsize], taken.at[wanted]

    def close_all(self) -> None:
        """Close the socket of all streams."""
        self.socket.close()
