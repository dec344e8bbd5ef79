"""FastAGI: the same messages however the octets are cut, no command out of turn, a bounded buffer."""

from __future__ import annotations

from ivr.telephony.errors import LocalProtocolError, RemoteProtocolError
from ivr.telephony.fastagi.codec import (
    MAX_LINE_BYTES,
    MAX_REQUEST_LINES,
    AgiConnection,
    AgiHangup,
    AgiMessage,
    AgiReply,
    AgiRequest,
)
from tests.fuzz.inputs import in_pieces, split_head, stretched, text_of
from tests.fuzz.streams import Heard, hear

LONGEST = 8192
_CUTS = 4


def one_input(data: bytes) -> None:
    cuts, rest = split_head(data, _CUTS)
    stream = stretched(rest, LONGEST + 100)
    assert _conversation(in_pieces(stream, cuts)) == _conversation([stream])
    _no_argument_ends_the_line(text_of(stream[:200]))


def _conversation(pieces: list[bytes]) -> Heard[AgiMessage]:
    """Hear a stream that answers a command of ours whenever one may be sent."""
    asking = _Asking()
    heard: Heard[AgiMessage] = hear(asking, pieces, MAX_LINE_BYTES + 1 + max(map(len, pieces), default=0))
    for message in heard.messages:
        if isinstance(message, AgiRequest):
            assert 0 < len(message.variables) <= MAX_REQUEST_LINES
    assert not any(isinstance(each, AgiRequest) for each in heard.messages[1:])
    return heard


class _Asking(AgiConnection):
    """Sends a command as soon as the last one was answered, between the lines of one piece, too."""

    def _line(self, line: str) -> AgiMessage | None:
        message = super()._line(line)
        if isinstance(message, AgiRequest | AgiReply):
            assert self.command("NOOP", "x") == b'NOOP "x"\n'
        elif not isinstance(message, AgiHangup):
            _refuses_a_command(self)
        return message


def _refuses_a_command(connection: AgiConnection) -> None:
    try:
        connection.command("NOOP")
    except LocalProtocolError:
        return
    raise AssertionError("a command was sent while a reply was awaited")


def _no_argument_ends_the_line(argument: str) -> None:
    connection = AgiConnection()
    connection.feed(b"agi_network: yes\n\n")
    try:
        line = connection.command("SET VARIABLE", argument)
    except LocalProtocolError:
        assert any(each in argument for each in "\r\n\0") or not _is_text(argument)
        return
    except RemoteProtocolError:
        raise AssertionError("an argument of ours is not the peer's fault") from None
    assert line.endswith(b'"\n')
    assert line.count(b"\n") == 1
    assert not set(line) & {0, 13}


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in argument)
