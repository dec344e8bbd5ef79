"""The audio of all callers: headers, time stamps, slots, what is lost, and whose packet it is that comes back."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from ivr.lab.load.crowd.keying import keying
from ivr.lab.load.crowd.sip.streams import Streams
from ivr.lab.load.crowd.trunk import SLOTS, EntrySent
from tests.ivr.lab.load.plans import EVENTS, TONES

HOST = "127.0.0.1"
SILENCE = b"\xff" * 160


@dataclass(frozen=True)
class Packet:
    kind: int
    marker: bool
    sequence: int
    stamp: int
    payload: bytes


class Exchange:
    """Where the audio of one place goes, and comes from."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)

    @property
    def media(self) -> tuple[str, int]:
        return HOST, int(self.socket.getsockname()[1])

    def packets(self) -> list[Packet]:
        found: list[Packet] = []
        while True:
            try:
                data = self.socket.recv(500)
            except BlockingIOError:
                return found
            version, kind, sequence, stamp, _ = struct.unpack(">BBHII", data[:12])
            assert version == 0x80
            found.append(Packet(kind & 0x7F, kind >= 0x80, sequence, stamp, data[12:]))


@pytest.fixture
def streams() -> Iterator[Streams]:
    streams = Streams(HOST, 12)
    yield streams
    streams.close_all()


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    exchange = Exchange()
    yield exchange
    exchange.socket.close()


def opened(streams: Streams, place: int, exchange: Exchange, *, loses: float = 0.0) -> None:
    streams.open(place, exchange.media, np.random.default_rng(5), loses=loses)


def frames(streams: Streams, place: int, count: int) -> list[EntrySent]:
    return [sent for _ in range(count) for sent in streams.send(place % SLOTS)]


def test_silence_is_a_packet_a_frame_and_the_first_has_the_marker(streams: Streams, exchange: Exchange) -> None:
    opened(streams, 3, exchange)
    assert frames(streams, 3, 3) == []
    packets = exchange.packets()
    first = packets[0]
    assert packets == [
        Packet(0, number == 0, first.sequence + number, first.stamp + 160 * number, SILENCE) for number in range(3)
    ]


def test_a_place_sends_in_its_slot_alone_and_not_after_it_was_closed(streams: Streams, exchange: Exchange) -> None:
    opened(streams, 11, exchange)
    for slot in range(SLOTS):
        streams.send(slot)
        assert len(exchange.packets()) == (slot == 1)
    streams.close(11)
    streams.send(1)
    assert exchange.packets() == []


def test_an_entry_takes_the_place_of_silence_and_its_start_and_end_are_told(
    streams: Streams, exchange: Exchange
) -> None:
    made = keying("5", TONES)
    opened(streams, 0, exchange)
    frames(streams, 0, 1)
    streams.press(0, made)
    told = frames(streams, 0, made.frames + 1)
    assert told == [EntrySent(0, made, is_over=False), EntrySent(0, made, is_over=True)]
    packets = exchange.packets()
    assert [packet.payload for packet in packets] == [SILENCE, *(row.tobytes() for row in made.audio), SILENCE]
    assert [packet.stamp - packets[0].stamp for packet in packets] == [160 * number for number in range(len(packets))]


def test_events_stand_in_place_of_audio_and_silence_behind_them_has_the_marker(
    streams: Streams, exchange: Exchange
) -> None:
    opened(streams, 0, exchange)
    frames(streams, 0, 1)
    streams.press(0, keying("5", EVENTS))
    frames(streams, 0, 6)
    before, *events, after = exchange.packets()
    assert [packet.kind for packet in events] == [101] * 7
    assert [packet.marker for packet in events] == [True] + [False] * 6
    assert {packet.stamp - before.stamp for packet in events} == {160}
    assert [packet.sequence - before.sequence for packet in (*events, after)] == list(range(1, 9))
    assert (after.kind, after.marker, after.stamp - before.stamp) == (0, True, 6 * 160)


def test_a_lost_packet_leaves_its_number_out(streams: Streams, exchange: Exchange) -> None:
    opened(streams, 0, exchange, loses=0.5)
    frames(streams, 0, 100)
    packets = exchange.packets()
    assert 30 < len(packets) < 70
    numbers = [packet.sequence - packets[0].sequence for packet in packets]
    assert [packet.stamp - packets[0].stamp for packet in packets] == [160 * number for number in numbers]


def test_numbers_run_over_as_rtp_has_them(streams: Streams, exchange: Exchange) -> None:
    opened(streams, 0, exchange)
    streams._sequence[0], streams._first_stamp[0] = 0xFFFF, 0xFFFFFFFF
    frames(streams, 0, 2)
    assert [(packet.sequence, packet.stamp) for packet in exchange.packets()] == [(0xFFFF, 0xFFFFFFFF), (0, 159)]


def test_what_comes_back_is_known_by_the_port_that_it_comes_from(streams: Streams, exchange: Exchange) -> None:
    other, stranger = Exchange(), Exchange()
    opened(streams, 2, exchange)
    opened(streams, 9, other)
    head = struct.pack(">BBHII", 0x80, 0, 1, 2, 3)
    to = (HOST, streams.socket.port)
    for sender, data in (
        (exchange, head + b"\x11" * 160),
        (other, head + b"\x22" * 160),
        (stranger, head + b"\x33" * 160),
        (other, b"\x80\x65" + head[2:] + b"\x44" * 160),
        (other, head + b"\x55" * 20),
    ):
        sender.socket.sendto(data, to)
    places, payloads, at = streams.take()
    assert places.tolist() == [2, 9]
    assert payloads.tolist() == [[0x11] * 160, [0x22] * 160]
    assert len(at) == 2
    streams.close(9)
    other.socket.sendto(head + b"\x22" * 160, to)
    assert len(streams.take()[0]) == 0
    other.socket.close()
    stranger.socket.close()
