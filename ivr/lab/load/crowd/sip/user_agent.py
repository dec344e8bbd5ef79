"""The signalling of many calls over one socket: a SIP user agent, as much as calls to an exchange of ours take.

It calls as a carrier's trunk does, with the caller number asserted. `Dialog` is one call and does no I/O: messages and
the time go in, datagrams and events come out. Under load datagrams do get lost, so requests are sent again.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from ivr.lab.load.crowd.keying import EVENTS, PCMU
from ivr.lab.scenarios.phone import Message
from sound.telephone import SAMPLE_RATE_HZ

FIRST_REPEAT_S: Final = 0.5
"""T1 of RFC 3261: a request without a response is sent again after so long, then after twice as long, and so on."""
LONGEST_REPEAT_S: Final = 4.0
_REPEATS: Final = 6
_COPIED: Final = ("Via", "From", "To", "Call-ID", "CSeq")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """The user agent.

    Attributes:
        host, sip_port, audio_port: where it takes signalling and audio.
        exchange: where the exchange takes signalling.
        number: the number that it dials.
    """

    host: str
    sip_port: int
    audio_port: int
    exchange: tuple[str, int]
    number: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The exchange has answered.

    Attributes:
        media: where it takes audio.
    """

    media: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Refused:
    """The exchange has refused the call.

    Attributes:
        why: its response.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over, and the dialog with it."""


Event = Answered | Refused | Ended


class _State(Enum):
    CALLING = auto()
    RINGING = auto()
    TALKING = auto()
    LEAVING = auto()
    OVER = auto()


@dataclass(slots=True)
class _Repeated:
    """A request that is sent again until there is a response."""

    data: bytes = field(repr=False)
    at: float
    wait_s: float = FIRST_REPEAT_S
    left: int = _REPEATS


class Dialog:
    """One call.

    Args:
        agent: who calls.
        caller: the caller number, which is asserted.
        now: the time, in rising seconds.

    Attributes:
        call_id: names the call in all messages.
        outbox: the datagrams to send to the exchange, which the owner takes.
    """

    def __init__(self, agent: Agent, caller: str, now: float) -> None:
        self._agent = agent
        self._uri = f"sip:{agent.number}@{agent.exchange[0]}:{agent.exchange[1]}"
        self.call_id = f"{secrets.token_hex(12)}@{agent.host}"
        self._from = f"<sip:{caller}@{agent.host}>;tag={secrets.token_hex(6)}"
        self._to = f"<{self._uri}>"
        self._asserted = f"P-Asserted-Identity: <sip:{caller}@{agent.host}>"
        self._branch = _branch()
        self._ack = b""
        self._state = _State.CALLING
        self._leaves = False
        self.outbox: list[bytes] = []
        headers = [self._asserted, "Content-Type: application/sdp"]
        self._repeated: _Repeated | None = None
        self._repeat(self._request("INVITE", 1, self._branch, headers, self._offer()), now)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to do."""
        return self._state is _State.OVER

    @property
    def next_at(self) -> float | None:
        """When the dialog next wants `time`; None if it waits for the exchange alone."""
        return None if self._repeated is None else self._repeated.at

    def receive(self, message: Message, now: float) -> Event | None:
        """Take a message of this call; returns what it changes."""
        if message.status is None:
            return self._asked(message)
        method = message.headers.get("cseq", "").rpartition(" ")[2]
        if method == "INVITE":
            return self._answered(message, now)
        if method == "BYE" and message.status >= 200 and self._state is _State.LEAVING:
            return self._over()
        return None

    def hang_up(self, now: float) -> None:
        """End the call. Before the answer that is a CANCEL, and the exchange's last response ends the dialog."""
        if self._state is _State.TALKING:
            self._repeat(self._request("BYE", 2, _branch(), [], ""), now)
            self._state = _State.LEAVING
        elif self._state in (_State.CALLING, _State.RINGING) and not self._leaves:
            self._leaves = True
            self.outbox.append(self._request("CANCEL", 1, self._branch, [], ""))
            self._repeated = _Repeated(b"", now + LONGEST_REPEAT_S, left=0)  # for a response that never comes

    def time(self, now: float) -> Event | None:
        """Let time pass: send a request again, or give up."""
        repeated = self._repeated
        if repeated is None or now < repeated.at:
            return None
        if not repeated.left:
            return self._over()
        self.outbox.append(repeated.data)
        repeated.left -= 1
        repeated.wait_s = min(2 * repeated.wait_s, LONGEST_REPEAT_S)
        repeated.at = now + repeated.wait_s
        return None

    # --- what the exchange says -----------------------------------------------------------------------------

    def _asked(self, message: Message) -> Event | None:
        """Say yes to every request; a BYE ends the call."""
        method = message.first_line.partition(" ")[0]
        if method == "ACK":
            return None
        copied = [f"{name}: {message.headers.get(name.lower(), '')}" for name in _COPIED]
        self.outbox.append(_datagram(["SIP/2.0 200 OK", *copied, "Content-Length: 0"], ""))
        return self._over() if method == "BYE" and self._state is not _State.OVER else None

    def _answered(self, message: Message, now: float) -> Event | None:
        status = message.status or 0
        if self._state not in (_State.CALLING, _State.RINGING):
            if self._ack:
                self.outbox.append(self._ack)  # the exchange has not seen it
            return None
        if status < 200:
            self._state = _State.RINGING
            if self._repeated is not None and self._repeated.data:
                self._repeated = None
            return None
        self._to = message.headers.get("to", self._to)
        if status >= 300:
            self.outbox.append(self._request("ACK", 1, self._branch, [], ""))
            self._over()
            return Refused(message.first_line)
        host, port = re.search(r"c=IN IP4 (\S+)", message.body), re.search(r"m=audio (\d+)", message.body)
        self._uri = message.headers.get("contact", self._uri).strip("<>").partition(">")[0]
        self._ack = self._request("ACK", 1, _branch(), [], "")
        self.outbox.append(self._ack)
        self._repeated = None
        self._state = _State.TALKING
        if self._leaves or host is None or port is None:
            self.hang_up(now)
            return None if self._leaves else Refused("the exchange answered the call without audio")
        return Answered((host[1], int(port[1])))

    def _over(self) -> Ended:
        self._state, self._repeated = _State.OVER, None
        return Ended()

    # --- what is sent ---------------------------------------------------------------------------------------

    def _repeat(self, data: bytes, now: float) -> None:
        self.outbox.append(data)
        self._repeated = _Repeated(data, now + FIRST_REPEAT_S)

    def _request(self, method: str, number: int, branch: str, headers: list[str], body: str) -> bytes:
        here = f"{self._agent.host}:{self._agent.sip_port}"
        lines = [
            f"{method} {self._uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch={branch};rport",
            "Max-Forwards: 70",
            f"From: {self._from}",
            f"To: {self._to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:load@{here}>",
            *headers,
            f"Content-Length: {len(body)}",
        ]
        return _datagram(lines, body)

    def _offer(self) -> str:
        lines = [
            "v=0",
            f"o=- 1 1 IN IP4 {self._agent.host}",
            "s=-",
            f"c=IN IP4 {self._agent.host}",
            "t=0 0",
            f"m=audio {self._agent.audio_port} RTP/AVP {PCMU} {EVENTS}",
            f"a=rtpmap:{PCMU} PCMU/{SAMPLE_RATE_HZ}",
            f"a=rtpmap:{EVENTS} telephone-event/{SAMPLE_RATE_HZ}",
            f"a=fmtp:{EVENTS} 0-15",
            "a=ptime:20",
            "a=sendrecv",
        ]
        return "\r\n".join(lines) + "\r\n"


def _datagram(lines: list[str], body: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _branch() -> str:
    return f"z9hG4bK{secrets.token_hex(8)}"
