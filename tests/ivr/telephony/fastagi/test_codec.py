"""The FastAGI codec: a request, then commands and replies, with HANGUP at any time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.errors import CutMessageError, LocalProtocolError, RemoteProtocolError
from ivr.telephony.fastagi.codec import AgiConnection, AgiHangup, AgiMessage, AgiReply, AgiRequest
from tests.ivr.telephony.streams import cuts, fed, told

REQUEST = b"agi_network: yes\nagi_callerid: 0312345678\nagi_calleridname: \xff\xfe: x\n\n"


def connected() -> AgiConnection:
    connection = AgiConnection()
    assert len(fed(connection, REQUEST)) == 1
    return connection


def asked() -> AgiConnection:
    connection = connected()
    connection.command("ANSWER")
    return connection


def reply_to(reply: bytes) -> list[AgiMessage]:
    return fed(asked(), reply)


def test_a_request_is_its_variables_whatever_bytes_a_phone_put_into_them() -> None:
    (request,) = fed(AgiConnection(), REQUEST)
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


LONG_REPLY = b"520-usage follows\nUsage: x\nHANGUP\n520 End of proper usage.\n"
hangups = st.lists(st.just(b"HANGUP\n"), max_size=2)
replies = st.tuples(hangups, st.sampled_from([b"200 result=1 (x)\r\n", b"511 dead\n", LONG_REPLY]), hangups).map(
    lambda parts: [*parts[0], parts[1], *parts[2]]
)


@given(cuts)
def test_however_the_bytes_were_cut_the_messages_are_the_same(lengths: list[int]) -> None:
    stream = b"HANGUP\r\n520-usage follows\nUsage: x\n520 End of proper usage.\n"
    assert told(asked(), stream, lengths) == ([AgiHangup(), AgiReply(520)], None)


@given(st.one_of(st.just([REQUEST]), replies), st.binary(max_size=9), st.integers(0, 90), cuts)
def test_a_stream_with_garbage_in_it_gives_the_same_messages_and_the_same_error_however_it_was_cut(
    sent: list[bytes], garbage: bytes, at: int, lengths: list[int]
) -> None:
    stream = b"".join(sent)
    stream = stream[:at] + garbage + stream[at:]
    fresh = AgiConnection if sent == [REQUEST] else asked
    assert told(fresh(), stream, lengths) == told(fresh(), stream, [])


@pytest.mark.parametrize("octets", [8191, 8192, 8193, 20000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@given(cut=st.integers(8100, 8300))
def test_a_line_is_too_long_or_not_however_it_was_cut(octets: int, end: bytes, cut: int) -> None:
    stream = b"agi_x: ".ljust(octets - len(end) + 1, b"y") + end + b"\n"
    messages, error = told(AgiConnection(), stream, [cut])
    assert (messages, error) == told(AgiConnection(), stream, [])
    assert (error is None) == (octets <= 8192)


@given(replies, st.data())
def test_a_stream_that_ends_within_a_reply_says_after_how_many_octets(sent: list[bytes], data: st.DataObject) -> None:
    whole = data.draw(st.integers(0, len(sent) - 1))
    begun = sent[whole][: data.draw(st.integers(0, len(sent[whole]) - 1))]
    connection = asked()
    fed(connection, b"".join(sent[:whole]) + begun)
    if not begun:
        connection.end()
        assert connection.next_message() is None
        return
    with pytest.raises(CutMessageError) as cut:
        connection.end()
    received = len(begun.replace(b"HANGUP\n", b""))
    assert cut.value.received == received
    several = sent[whole] == LONG_REPLY and b"\n" in begun
    assert f"after {received} octets of {'a reply of several lines' if several else 'a line'}" in str(cut.value)
    with pytest.raises(CutMessageError):
        connection.next_message()


@given(st.integers(1, len(REQUEST) - 1))
def test_a_stream_that_ends_within_the_request_says_after_how_many_octets(received: int) -> None:
    connection = AgiConnection()
    assert fed(connection, REQUEST[:received]) == []
    with pytest.raises(CutMessageError, match=f"after {received} octets of the request"):
        connection.end()


def test_a_peer_that_says_nothing_or_all_of_its_request_has_cut_nothing() -> None:
    AgiConnection().end()
    connected().end()


def test_what_a_cut_line_said_is_not_in_the_error() -> None:
    connection = asked()
    connection.feed(b"200 result=1 (24681357")
    with pytest.raises(CutMessageError) as cut:
        connection.end()
    assert "24681357" not in str(cut.value)


def test_good_messages_before_a_broken_one_in_the_same_chunk_are_given_first() -> None:
    connection = asked()
    connection.feed(b"HANGUP\n200 result=1\n200 result=2\nHANGUP\n")
    assert [connection.next_message() for _ in range(2)] == [AgiHangup(), AgiReply(200, "1")]
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="answers no command"):
            connection.next_message()


@given(st.binary(max_size=300))
def test_garbage_gives_messages_or_an_error_and_nothing_else(data: bytes) -> None:
    connection, broken = AgiConnection(), None
    for chunk in (data, b"", b"agi_x: y\n\n"):
        try:
            fed(connection, chunk)
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
        (REQUEST + b"200 result=0\n", "answers no command"),
    ],
)
def test_what_is_not_agi_is_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(RemoteProtocolError, match=named):
        fed(AgiConnection(), data)


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


def test_an_argument_that_is_not_text_is_named_and_another_command_can_be_sent() -> None:
    connection = connected()
    with pytest.raises(LocalProtocolError, match="SET VARIABLE is not text"):
        connection.command("SET VARIABLE", "A", "\ud800")
    assert connection.command("NOOP") == b"NOOP\n"
