"""What a manager interface may send, byte by byte: nothing raises, nothing grows for ever, the end is told once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.ami_connection import MESSAGE_CHARACTERS, AmiLogin, Fields, _Protocol

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\r\n\r\n",
        b": ",
        b"Event: UserEvent",
        b"Event: Shutdown",
        b"Response: Follows",
        b"Response: Error",
        b"ActionID: action/1/1/1",
        b"EventList: start",
        b"Message: x",
        b"\xff\xfe",
        b"\0",
    ]
)


class Wire:
    """A transport that goes nowhere."""

    def __init__(self) -> None:
        self.aborted = 0

    def abort(self) -> None:
        self.aborted += 1


def received(*chunks: bytes) -> tuple[list[Fields], list[str], Wire]:
    """What is told of chunks: events, and ends."""
    events: list[Fields] = []
    ends: list[str] = []
    wire = Wire()
    protocol = _Protocol(events.append, ends.append)
    protocol.connection_made(wire)
    for chunk in chunks:
        protocol.data_received(chunk)
    protocol.connection_lost(None)
    return events, ends, wire


@given(st.lists(st.binary() | PIECES))
def test_whatever_a_peer_sends_ends_in_one_end(chunks: list[bytes]) -> None:
    for first in ([], [GREETING]):
        _, ends, wire = received(*first, *chunks)
        assert len(ends) == 1
        assert wire.aborted == 1


@given(st.integers(min_value=1, max_value=40))
def test_events_are_the_same_however_the_bytes_are_cut(size: int) -> None:
    stream = GREETING + b"Event: UserEvent\r\nUserEvent: KaripassCall\r\nCause: 16\r\n\r\nEvent: Other\r\n\r\n"
    events, _, _ = received(*(stream[at : at + size] for at in range(0, len(stream), size)))
    assert [event["event"] for event in events] == ["UserEvent", "Other"]
    assert events[0]["cause"] == "16"


def test_a_message_without_an_end_is_not_kept() -> None:
    _, (end,), _ = received(GREETING, *[b"x" * 10_000] * (MESSAGE_CHARACTERS // 10_000 + 2))
    assert "message of more than" in end


def test_what_comes_after_the_end_is_not_told() -> None:
    events, ends, _ = received(
        GREETING, b"Event: Shutdown\r\n\r\nEvent: UserEvent\r\n\r\n", b"Event: UserEvent\r\n\r\n"
    )
    assert events == []
    assert len(ends) == 1


def test_a_login_does_not_show_its_secret() -> None:
    login = AmiLogin(host="127.0.0.1", port=5038, user="karipass", secret="known-to-both")
    assert "known-to-both" not in f"{login!r} {login}"
