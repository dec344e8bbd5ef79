"""The FastAGI codec: a request, then commands and replies, with HANGUP at any time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.errors import LocalProtocolError, RemoteProtocolError
from ivr.telephony.fastagi.codec import AgiConnection, AgiHangup, AgiMessage, AgiReply, AgiRequest

REQUEST = b"agi_network: yes\nagi_callerid: 0312345678\nagi_calleridname: \xff\xfe: x\n\n"


def connected() -> AgiConnection:
    connection = AgiConnection()
    assert len(connection.feed(REQUEST)) == 1
    return connection


def reply_to(reply: bytes) -> list[AgiMessage]:
    connection = connected()
    connection.command("ANSWER")
    return connection.feed(reply)


def test_a_request_is_its_variables_whatever_bytes_a_phone_put_into_them() -> None:
    (request,) = AgiConnection().feed(REQUEST)
    assert isinstance(request, AgiRequest)
    assert request.variables["callerid"] == "0312345678"
    assert request.variables["calleridname"] == "��: x"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"200 result=0\n", AgiReply(200, "0")),
        (b"200 result=1 (0312345678)\n", AgiReply(200, "1", "0312345678")),
        (b"200 result=1 (a (b) c)\n", AgiReply(200, "1", "a (b) c")),
        (b"200 result=1 ()\n", AgiReply(200, "1", "")),
        (b"200 result=-1 endpos=160\n", AgiReply(200, "-1")),
        (b"510 Invalid or unknown command\n", AgiReply(510)),
        (b"511 Command Not Permitted on a dead channel or intercept routine\n", AgiReply(511)),
        (
            b"520-Invalid command syntax.  Proper usage follows:\nUsage: x\n 200 y\n520 End of proper usage.\n",
            AgiReply(520),
        ),
    ],
)
def test_replies_are_read(reply: bytes, expected: AgiReply) -> None:
    assert reply_to(reply) == [expected]


@pytest.mark.parametrize(
    "stream",
    [
        b"HANGUP\n200 result=0\n",
        b"200 result=0\nHANGUP\n",
        b"HANGUP\n520-usage\nx\n520 end\n",
        b"520-usage\nHANGUP\n520 end\n",
    ],
)
def test_a_hangup_is_not_taken_for_a_reply(stream: bytes) -> None:
    messages = reply_to(stream)
    assert AgiHangup() in messages
    assert len([message for message in messages if isinstance(message, AgiReply)]) == 1


@given(st.lists(st.integers(1, 9), max_size=80))
def test_however_the_bytes_were_cut_the_messages_are_the_same(cuts: list[int]) -> None:
    stream = b"HANGUP\r\n520-usage follows\nUsage: x\n520 End of proper usage.\n"
    connection, messages = connected(), []
    connection.command("EXEC", "x")
    for cut in cuts:
        messages += connection.feed(stream[:cut])
        stream = stream[cut:]
    messages += connection.feed(stream)
    assert messages == [AgiHangup(), AgiReply(520)]


@given(st.binary(max_size=300))
def test_garbage_gives_messages_or_an_error_and_nothing_else(data: bytes) -> None:
    connection, broken = AgiConnection(), None
    for chunk in (data, b"", b"agi_x: y\n\n"):
        try:
            connection.feed(chunk)
        except RemoteProtocolError as error:
            assert broken in (None, error)  # noqa: PT017 - once broken, always the same error
            broken = error
        else:
            assert broken is None


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", "agi_name"),
        (b"\n", "without a single"),
        (b"agi_x: " + b"y" * 9000, "more than 8192"),
        (b"".join(b"agi_%d: x\n" % n for n in range(300)) + b"\n", "more than 256 lines"),
        (REQUEST + b"200 result=0\n", "nothing had asked for"),
    ],
)
def test_what_is_not_agi_is_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(RemoteProtocolError, match=named):
        AgiConnection().feed(data)


def test_a_command_is_quoted() -> None:
    assert connected().command("SET VARIABLE", "A", 'b "c" \\d') == b'SET VARIABLE "A" "b \\"c\\" \\\\d"\n'


def test_a_command_waits_for_the_reply_to_the_last() -> None:
    connection = AgiConnection()
    with pytest.raises(LocalProtocolError, match="request"):
        connection.command("ANSWER")
    connection.feed(REQUEST)
    connection.command("ANSWER")
    with pytest.raises(LocalProtocolError, match="reply"):
        connection.command("ANSWER")
    connection.feed(b"200 result=0\n")
    assert connection.command("ANSWER") == b"ANSWER\n"


@pytest.mark.parametrize("argument", ["a\nHANGUP", "a\rb", "a\0b"])
def test_an_argument_cannot_smuggle_a_second_command(argument: str) -> None:
    with pytest.raises(LocalProtocolError, match="line break"):
        connected().command("SET VARIABLE", "A", argument)
