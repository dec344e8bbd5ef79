"""The FastAGI protocol, sans-I/O: bytes in, messages out.

Asterisk connects and sends `agi_name: value` lines, ended by an empty line. Then we send one command a line and get one
reply each, `200 result=1 (value)`; a reply with code 520 has several lines. A line `HANGUP` can come at any time, even
between the lines of a reply. No command may be sent before the reply to the last one. Source: Asterisk 22, res_agi.c.
Values of `agi_` variables and replies carry whatever bytes the caller's phone sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ivr.telephony.errors import CutMessageError, LocalProtocolError, RemoteProtocolError
from ivr.telephony.parser import Parser

MAX_LINE_BYTES: Final = 8192
MAX_REQUEST_LINES: Final = 256
MAX_REPLY_LINES: Final = 256

CODE_DEAD_CHANNEL: Final = 511

_REPLY: Final = re.compile(r"(?P<code>\d{3})(?P<more>[- ])(?P<rest>.*)")
_RESULT: Final = re.compile(r"result=(?P<result>\S*)(?: \((?P<value>.*)\))?")


@dataclass(frozen=True, slots=True)
class AgiRequest:
    """The start of a call: the `agi_` variables, without the prefix."""

    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AgiReply:
    """The reply to a command.

    Attributes:
        code: 200, or 510 (unknown command), 511 (dead channel), 520 (bad syntax).
        result: what follows `result=`; "" if the reply has none.
        value: what stands in parentheses behind it; None if nothing does.
    """

    code: int
    result: str = ""
    value: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AgiHangup:
    """The caller has hung up. Commands still get replies (most of them 511)."""


AgiMessage = AgiRequest | AgiReply | AgiHangup


class _Expects(Enum):
    REQUEST = "request"
    NOTHING = "nothing"
    REPLY = "reply"
    REPLY_END = "end of a reply of several lines"


_WITHIN: Final[Mapping[_Expects, str]] = {
    _Expects.REQUEST: "the request",
    _Expects.REPLY_END: "a reply of several lines",
}
"""The states in which lines of a message may have come already, and the name of that message."""


class AgiConnection(Parser[AgiMessage]):
    """One FastAGI connection, seen from the server."""

    protocol = "AGI"

    def __init__(self) -> None:
        super().__init__()
        self._searched = 0
        self._earlier_octets = 0
        self._expects = _Expects.REQUEST
        self._variables: dict[str, str] = {}
        self._reply_lines = 0

    def command(self, name: str, *arguments: str) -> bytes:
        """Make the line that asks Asterisk to run a command.

        Args:
            name: the command, for example `SET VARIABLE`.
            arguments: each is quoted as AGI wants it.

        Raises:
            LocalProtocolError: the reply to the last command (or the request) is still to come, or an argument has a
                character that would end the line, or half a character.
        """
        if self._expects is not _Expects.NOTHING:
            raise LocalProtocolError(f"AGI: {name} cannot be sent while a {self._expects.value} is awaited")
        line = " ".join((name, *map(_quoted, arguments)))
        if any(character in line for character in "\r\n\0"):
            raise LocalProtocolError(f"AGI: an argument of {name} has a line break or NUL in it")
        try:
            octets = line.encode()
        except UnicodeEncodeError:
            raise LocalProtocolError(f"AGI: an argument of {name} is not text") from None
        self._expects = _Expects.REPLY
        return octets + b"\n"

    def _messages(self) -> Iterator[AgiMessage]:
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            self._check_length(end)
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            self._searched = 0
            message = self._line(line.decode(errors="replace"))
            if self._expects not in _WITHIN:
                self._earlier_octets = 0
            elif message is None:
                self._earlier_octets += end + 1
            if message is not None:
                yield message
        self._searched = len(self._buffer)
        self._check_length(len(self._buffer))

    def _cut(self) -> CutMessageError | None:
        received = self._earlier_octets + len(self._buffer)
        if not received:
            return None
        return CutMessageError(self.protocol, _WITHIN.get(self._expects, "a line"), received=received)

    @staticmethod
    def _check_length(length: int) -> None:
        if length > MAX_LINE_BYTES:  # how much has come of it varies, so the message does not say how long it is
            raise RemoteProtocolError(f"AGI: a line of more than {MAX_LINE_BYTES} octets; no Asterisk sends that")

    def _line(self, line: str) -> AgiMessage | None:
        if self._expects is _Expects.REQUEST:
            return self._request_line(line)
        if line == "HANGUP":
            return AgiHangup()
        if self._expects is _Expects.REPLY:
            return self._reply_line(line)
        if self._expects is _Expects.REPLY_END:
            return self._reply_end(line)
        if line:
            raise RemoteProtocolError(f"AGI: a line of {len(line)} characters came that answers no command")
        return None

    def _request_line(self, line: str) -> AgiRequest | None:
        if not line:
            if not self._variables:
                raise RemoteProtocolError("AGI: a request without a single agi_ variable")
            self._expects = _Expects.NOTHING
            return AgiRequest(dict(self._variables))
        name, colon, value = line.partition(":")
        if not colon or not name.startswith("agi_"):
            raise RemoteProtocolError("AGI: the request has a line that is not `agi_name: value`")
        if len(self._variables) >= MAX_REQUEST_LINES:
            raise RemoteProtocolError(f"AGI: a request of more than {MAX_REQUEST_LINES} lines")
        self._variables[name.removeprefix("agi_")] = value.strip()
        return None

    def _reply_line(self, line: str) -> AgiReply | None:
        match = _REPLY.fullmatch(line)
        if match is None:
            raise RemoteProtocolError("AGI: a reply does not start with a code of three digits")
        code = int(match["code"])
        if match["more"] == "-":
            self._expects = _Expects.REPLY_END
            self._reply_lines = 1
            return None
        self._expects = _Expects.NOTHING
        result = _RESULT.match(match["rest"])
        return AgiReply(code) if result is None else AgiReply(code, result["result"], result["value"])

    def _reply_end(self, line: str) -> AgiReply | None:
        self._reply_lines += 1
        if self._reply_lines > MAX_REPLY_LINES:
            raise RemoteProtocolError(f"AGI: a reply of more than {MAX_REPLY_LINES} lines")
        match = _REPLY.fullmatch(line)
        if match is None or match["more"] == "-":
            return None  # a line of the usage text
        self._expects = _Expects.NOTHING
        return AgiReply(int(match["code"]))


def _quoted(argument: str) -> str:
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'
