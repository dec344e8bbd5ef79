"""The signalling of a load's calls: what a dialog sends, when it sends it again, and when it is over."""

from __future__ import annotations

import pytest

from ivr.lab.load.crowd.sip.user_agent import FIRST_REPEAT_S, Agent, Answered, Dialog, Ended, Refused
from ivr.lab.telephone.sip import Message

AGENT = Agent(host="127.0.0.8", sip_port=40000, audio_port=40002, exchange=("127.0.0.1", 5060), number="0363044747")
AUDIO = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 23456 RTP/AVP 0 101\r\n"


class Call:
    """A dialog and the exchange that it talks to."""

    def __init__(self) -> None:
        self.dialog = Dialog(AGENT, "0450000007", 10.0)
        self.invite = self.sent()[0]

    def sent(self) -> list[Message]:
        messages = [Message.parse(datagram) for datagram in self.dialog.outbox]
        self.dialog.outbox.clear()
        return messages

    def answers(self, status: str, request: Message, body: str = "", *, now: float = 11.0) -> object:
        copied = "\r\n".join(f"{name}: {request.headers[name]}" for name in ("via", "from", "call-id", "cseq"))
        head = f"SIP/2.0 {status}\r\n{copied}\r\nTo: {request.headers['to']};tag=exchange\r\n"
        contact = "Contact: <sip:there@127.0.0.1:5060>\r\n"
        return self.dialog.receive(Message.parse(f"{head}{contact}\r\n{body}".encode()), now)

    def says(self, method: str) -> object:
        request = f"{method} sip:x SIP/2.0\r\nVia: v\r\nFrom: f\r\nTo: t\r\nCall-ID: c\r\nCSeq: 7 {method}\r\n\r\n"
        return self.dialog.receive(Message.parse(request.encode()), 12.0)


@pytest.fixture
def call() -> Call:
    return Call()


@pytest.fixture
def talking(call: Call) -> Call:
    call.answers("200 OK", call.invite, AUDIO)
    call.sent()
    return call


def methods(messages: list[Message]) -> list[str]:
    return [message.first_line.partition(" ")[0] for message in messages]


def test_a_call_asserts_its_caller_and_offers_audio(call: Call) -> None:
    assert call.invite.first_line == "INVITE sip:0363044747@127.0.0.1:5060 SIP/2.0"
    assert call.invite.headers["p-asserted-identity"] == "<sip:0450000007@127.0.0.8>"
    assert "m=audio 40002 RTP/AVP 0 101" in call.invite.body
    assert int(call.invite.headers["content-length"]) == len(call.invite.body)


def test_an_answer_is_acknowledged_and_says_where_the_audio_goes(call: Call) -> None:
    assert call.answers("100 Trying", call.invite) is None
    assert call.answers("200 OK", call.invite, AUDIO) == Answered(("127.0.0.1", 23456))
    (ack,) = call.sent()
    assert ack.first_line == "ACK sip:there@127.0.0.1:5060 SIP/2.0"
    assert ack.headers["to"].endswith("tag=exchange")
    assert call.dialog.next_at is None


def test_an_answer_that_comes_again_is_acknowledged_again(talking: Call) -> None:
    assert talking.answers("200 OK", talking.invite, AUDIO) is None
    assert methods(talking.sent()) == ["ACK"]


def test_a_refusal_is_acknowledged_in_its_own_transaction_and_ends_the_call(call: Call) -> None:
    assert call.answers("503 Service Unavailable", call.invite) == Refused("SIP/2.0 503 Service Unavailable")
    (ack,) = call.sent()
    assert ack.headers["via"] == call.invite.headers["via"]
    assert call.dialog.is_over


def test_an_answer_without_audio_is_none_and_the_call_is_ended(call: Call) -> None:
    assert isinstance(call.answers("200 OK", call.invite, "v=0\r\n"), Refused)
    assert methods(call.sent()) == ["ACK", "BYE"]


def test_a_call_that_nobody_answers_is_sent_again_ever_more_slowly_and_given_up(call: Call) -> None:
    at = []
    while (next_at := call.dialog.next_at) is not None:
        assert call.dialog.time(next_at - 0.01) is None
        at.append(next_at - 10.0)
        ended = call.dialog.time(next_at)
    assert at[:4] == [FIRST_REPEAT_S, 1.5, 3.5, 7.5]
    assert methods(call.sent()) == ["INVITE"] * (len(at) - 1)
    assert ended == Ended()
    assert call.dialog.is_over


def test_a_call_that_the_exchange_knows_is_not_sent_again(call: Call) -> None:
    call.answers("100 Trying", call.invite)
    assert call.dialog.next_at is None


def test_a_call_that_the_exchange_ends_is_over(talking: Call) -> None:
    assert talking.says("BYE") == Ended()
    (reply,) = talking.sent()
    assert (reply.status, reply.headers["cseq"]) == (200, "7 BYE")
    assert talking.dialog.is_over


def test_a_caller_who_hangs_up_waits_until_the_exchange_knows(talking: Call) -> None:
    talking.dialog.hang_up(20.0)
    (bye,) = talking.sent()
    assert bye.headers["cseq"] == "2 BYE"
    assert talking.dialog.next_at == 20.0 + FIRST_REPEAT_S
    assert not talking.dialog.is_over
    assert talking.answers("200 OK", bye) == Ended()


def test_a_caller_who_hangs_up_before_the_answer_cancels(call: Call) -> None:
    call.answers("100 Trying", call.invite)
    call.dialog.hang_up(20.0)
    call.dialog.hang_up(20.0)
    (cancel,) = call.sent()
    assert cancel.first_line.startswith("CANCEL ")
    assert cancel.headers["via"] == call.invite.headers["via"]
    assert call.answers("200 OK", cancel) is None
    assert isinstance(call.answers("487 Request Terminated", call.invite), Refused)
    assert call.dialog.is_over


def test_an_answer_that_crosses_a_cancel_is_hung_up(call: Call) -> None:
    call.dialog.hang_up(10.5)
    call.sent()
    assert call.answers("200 OK", call.invite, AUDIO) is None
    ack, bye = call.sent()
    assert methods([ack, bye]) == ["ACK", "BYE"]
    assert call.answers("200 OK", bye) == Ended()
