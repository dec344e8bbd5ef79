"""Many packets in one system call: what leaves arrives, where it should, and from where it says."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.lab.load.crowd.sip.many_packets import ManyPackets

HOST = "127.0.0.1"


@pytest.fixture
def packets() -> NDArray[np.uint8]:
    return (np.arange(5 * 172).reshape(5, 172) % 251).astype(np.uint8)


@pytest.fixture
def many(packets: NDArray[np.uint8]) -> Iterator[ManyPackets]:
    many = ManyPackets(HOST, packets)
    yield many
    many.close()


@pytest.fixture
def peers() -> Iterator[list[socket.socket]]:
    peers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for peer in peers:
        peer.bind((HOST, 0))
        peer.settimeout(5)
    yield peers
    for peer in peers:
        peer.close()


def port_of(peer: socket.socket) -> int:
    return int(peer.getsockname()[1])


def test_each_places_packet_goes_to_its_own_address(
    many: ManyPackets, packets: NDArray[np.uint8], peers: list[socket.socket]
) -> None:
    for place in range(5):
        many.address(place, HOST, port_of(peers[place % 2]))
    packets[4, 0] = 77  # a change is sent, too
    many.send(np.array([4, 1, 2]))
    assert [peers[0].recv(500) for _ in range(2)] == [packets[4].tobytes(), packets[2].tobytes()]
    data, sender = peers[1].recvfrom(500)
    assert data == packets[1].tobytes()
    assert sender == (HOST, many.port)
    assert many.port % 2 == 0


def test_another_packet_goes_to_the_same_address(many: ManyPackets, peers: list[socket.socket]) -> None:
    many.address(3, HOST, port_of(peers[1]))
    many.send_one(3, b"an event")
    assert peers[1].recv(500) == b"an event"


def test_packets_that_came_are_taken_with_their_port_and_time(many: ManyPackets, peers: list[socket.socket]) -> None:
    before = time.time()
    peers[0].sendto(b"first", (HOST, many.port))
    peers[1].sendto(b"second", (HOST, many.port))
    taken = many.take()
    assert taken.lengths.tolist() == [5, 6]
    assert [taken.data[0, :5].tobytes(), taken.data[1, :6].tobytes()] == [b"first", b"second"]
    assert taken.ports.tolist() == [port_of(peers[0]), port_of(peers[1])]
    assert before - 1 < taken.at[0] <= taken.at[1] < time.time() + 1
    assert len(many.take().lengths) == 0


def test_a_packet_that_cannot_leave_is_an_error(many: ManyPackets) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        many.send(np.array([0]))  # it has no address
