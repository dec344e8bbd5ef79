"""Whatever a manager interface sends: nothing raises, nothing grows for ever, the end is reported once."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.ami.connection import (
    LIST_MESSAGES,
    MESSAGE_CHARACTERS,
    TURN_BYTES,
    AmiConnection,
    AmiLogin,
    Fields,
    _Protocol,
)
from ivr.telephony.ami.messages import AmiError
from tests.ivr.telephony.ami.ami_server import AmiPeer, fake_ami

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
        self.paused = False

    def abort(self) -> None:
        self.aborted += 1

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def received(*chunks: bytes) -> tuple[list[Fields], list[str], Wire]:
    """The events and ends that a connection reports for chunks of bytes."""
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
    _, (end,), _ = received(GREETING, *[b"x" * TURN_BYTES] * (MESSAGE_CHARACTERS // TURN_BYTES + 2))
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


# --- floods, and answers that do not come -----------------------------------------------------------------------


async def test_a_burst_is_handled_a_little_in_each_turn_of_the_loop_and_in_order() -> None:
    event = b"Event: UserEvent\r\nNumber: %d\r\n\r\n"
    told: list[int] = []
    protocol = _Protocol(lambda fields: told.append(int(fields["number"])), lambda _why: None)
    wire = Wire()
    protocol.connection_made(wire)
    protocol.data_received(GREETING + b"".join(event % number for number in range(5000)))
    in_each_turn = [len(told)]
    while wire.paused:
        before = len(told)
        await asyncio.sleep(0)
        in_each_turn.append(len(told) - before)
    assert told == list(range(5000))
    assert max(in_each_turn) <= TURN_BYTES // len(event)


def login_at(port: int) -> AmiLogin:
    return AmiLogin(host="127.0.0.1", port=port, user="karipass", secret="known-to-both")


async def _answers_no_user_event(peer: AmiPeer) -> None:
    peer.send(GREETING.decode())
    while True:
        action = await peer.action()
        if action["Action"] != "UserEvent":
            peer.answer(action)


async def _begins_an_answer_to_user_events(peer: AmiPeer) -> None:
    peer.send(GREETING.decode())
    while True:
        action = await peer.action()
        if action["Action"] != "UserEvent":
            peer.answer(action)
        else:
            peer.message(Response="Success", Message="Events will follow", ActionID=action["ActionID"])


@pytest.mark.parametrize("behaviour", [_answers_no_user_event, _begins_an_answer_to_user_events])
async def test_an_answer_that_nobody_waits_for_is_forgotten_when_it_is_late(behaviour: object) -> None:
    async with (
        fake_ami(behaviour=behaviour) as ami,
        await AmiConnection.open(login_at(ami.port), lambda _event: None, patience_s=0.2) as connection,
    ):
        waiting = connection._protocol.responses
        for number in range(100):
            connection.tell("UserEvent", {"UserEvent": "KaripassCallBegan", "CallId": str(number)}, lambda _why: None)
        assert len(waiting) == 100
        async with asyncio.timeout(10):
            while waiting:  # noqa: ASYNC110 - what is still kept
                await asyncio.sleep(0.02)
        await connection.ask("Ping")
        assert not connection.lost.done()


async def _lists_channels_for_ever(peer: AmiPeer) -> None:
    peer.send(GREETING.decode())
    while (action := await peer.action())["Action"] != "CoreShowChannels":
        peer.answer(action)
    reply = {"ActionID": action["ActionID"]}
    peer.message(Response="Success", EventList="start", Message="Channels will follow", **reply)
    for _ in range(LIST_MESSAGES):
        peer.event("CoreShowChannel", **reply)
    await peer.closed()


async def test_a_list_without_an_end_is_not_kept() -> None:
    async with fake_ami(behaviour=_lists_channels_for_ever) as ami:
        connection = await AmiConnection.open(login_at(ami.port), lambda _event: None, patience_s=60.0)
        async with asyncio.timeout(30):
            with pytest.raises(AmiError, match=f"CoreShowChannels with more than {LIST_MESSAGES}"):
                await connection.ask("CoreShowChannels")
