"""Telephones that are called: one sipp that answers, is busy, does not answer or forwards, by the number dialled."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.live.callers.ports import PhonePorts

_ANSWER: Final = 200
_REPLY = "[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n[last_Call-ID:]\n"
_SDP = (
    "v=0\no=phone 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\n"
    "m=audio [media_port] RTP/AVP 0\na=rtpmap:0 PCMU/8000\n"
)


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What a phone does when it is called.

    Attributes:
        rings_after_s: after which time it rings; None: it never does.
        then_after_s: how long after that it gives its final answer.
        status: that answer; None: it rings until it is cancelled.
        to: with 302, the number that it forwards to.
    """

    rings_after_s: float | None = 0.2
    then_after_s: float = 0.0
    status: int | None = _ANSWER
    to: str = ""


def _scenario(behaviour: Behaviour) -> str:
    def send(status: str, cseq: str, more: str = "", body: str = "", retrans: str = "") -> str:
        text = f"SIP/2.0 {status}\n{_REPLY}{cseq}\n{more}Content-Length: [len]\n\n{body}"
        return f"<send{retrans}><![CDATA[\n{text}\n]]></send>"

    contact = "Contact: <sip:[local_ip]:[local_port]>\n"
    steps = ['<recv request="INVITE"/>', send("100 Trying", "[last_CSeq:]")]
    if behaviour.rings_after_s is not None:
        steps += [f'<pause milliseconds="{round(behaviour.rings_after_s * 1000)}"/>']
        steps += [send("180 Ringing", "[last_CSeq:]", contact)]
    if behaviour.status is not None:
        steps += [
            f'<recv request="CANCEL" optional="true" next="cancelled" timeout="{_ms(behaviour)}" ontimeout="go"/>'
        ]
        steps += ['<recv request="NEVER" timeout="' + _ms(behaviour) + '" ontimeout="go"/>', '<label id="go"/>']
    match behaviour.status:
        case None:
            steps += ['<recv request="CANCEL"/>', '<label id="cancelled"/>']
            steps += [send("200 OK", "[last_CSeq:]"), send("487 Request Terminated", "CSeq: [cseq] INVITE")]
            steps += ['<recv request="ACK"/>']
            return _whole(steps)
        case 200:
            more = f"{contact}Content-Type: application/sdp\n"
            steps += [send("200 OK", "[last_CSeq:]", more, _SDP, ' retrans="500"'), '<recv request="ACK"/>']
            steps += ['<recv request="BYE"/>', send("200 OK", "[last_CSeq:]"), '<nop next="over"/>']
        case 302:
            more = f"Contact: <sip:{behaviour.to}@exchange.example>\n"
            steps += [
                send("302 Moved", "[last_CSeq:]", more, "", ' retrans="500"'),
                '<recv request="ACK" next="over"/>',
            ]
        case status:
            steps += [
                send(f"{status} No", "[last_CSeq:]", "", "", ' retrans="500"'),
                '<recv request="ACK" next="over"/>',
            ]
    steps += ['<label id="cancelled"/>', send("200 OK", "[last_CSeq:]")]
    steps += [send("487 Request Terminated", "CSeq: [cseq] INVITE"), '<recv request="ACK"/>']
    steps += ['<label id="over"/>', "<nop/>"]
    return _whole(steps)


def _ms(behaviour: Behaviour) -> str:
    return str(max(round(behaviour.then_after_s * 1000), 1))


def _whole(steps: list[str]) -> str:
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', '<scenario name="phone">', *steps, "</scenario>", ""])


class RingingPhone:
    """A phone at an address of its own; a context manager.

    Args:
        behaviour: what it does when it is called.
        host: its address.
    """

    def __init__(self, behaviour: Behaviour, host: str) -> None:
        self.host = host
        self._ports = PhonePorts.reserve(host)
        self._folder = tempfile.TemporaryDirectory(prefix="ringing-")
        self._steps = Path(self._folder.name) / "phone.xml"
        self._steps.write_text(_scenario(behaviour), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self._ports.sip}"

    def __enter__(self) -> Self:
        words = ["sipp", "-sf", str(self._steps), "-i", self.host, "-p", str(self._ports.sip), "-mi", self.host]
        words += ["-mp", str(self._ports.media), "-nostdin", "-trace_err", "-error_file", f"{self._folder.name}/errors"]
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd=self._folder.name
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._ports.close()
        self._folder.cleanup()

    @property
    def complaints(self) -> str:
        path = Path(self._folder.name) / "errors"
        return path.read_text(errors="replace") if path.exists() else ""
