"""A peer that does not read costs little and is found out; one that is late loses old guidance, not its call."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.media.clock import MAX_TICKS_MADE_UP, TICK_S
from ivr.telephony.audiosocket.codec import FRAME_BYTES
from ivr.telephony.audiosocket.outbox import MAX_DROPPED, MAX_UNREAD_BYTES, Outbox

STANDSTILL_S = 10.0


class Peer:
    """A peer behind an outbox, which reads when it is told to."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.unread = 0

    def send(self, frames: int) -> None:
        for _ in range(frames):
            if self.outbox.admits(self.unread):
                self.unread += FRAME_BYTES

    def read(self) -> None:
        self.unread = 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, STANDSTILL_S)), max_size=20))
def test_a_peer_that_reads_between_standstills_keeps_its_call(stops: list[tuple[bool, float]]) -> None:
    """A standstill is the peer's alone (our frames go on), or the whole host's (we make up for the last ticks)."""
    peer = Peer()
    for alone, seconds in stops:
        ticks = round(seconds / TICK_S)
        peer.send(ticks if alone else min(ticks, MAX_TICKS_MADE_UP))
        assert not peer.outbox.stuck
        peer.read()
        peer.send(1)
        assert peer.unread == FRAME_BYTES


def test_a_host_that_stands_still_again_and_again_takes_nothing_from_the_peers_time() -> None:
    peer = Peer()
    for _ in range(MAX_DROPPED // MAX_TICKS_MADE_UP - 1):
        peer.send(MAX_TICKS_MADE_UP)
    assert not peer.outbox.stuck


@given(st.integers(0, 5000))
def test_what_a_peer_does_not_read_never_takes_much_memory(frames: int) -> None:
    peer = Peer()
    peer.send(frames)
    assert peer.unread <= MAX_UNREAD_BYTES + FRAME_BYTES


def test_a_peer_that_never_reads_is_found_out() -> None:
    peer = Peer()
    peer.send(MAX_UNREAD_BYTES // FRAME_BYTES + 1 + MAX_DROPPED)
    assert not peer.outbox.stuck
    peer.send(1)
    assert peer.outbox.stuck
