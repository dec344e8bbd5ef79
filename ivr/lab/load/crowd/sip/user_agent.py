"""The signalling of many calls over one socket: a SIP user agent, as much as calls to an exchange of ours take.

It calls as a carrier's trunk does, with the caller number asserted. `Dialog` is one call and does no I/O: messages and
the time go in, datagrams and events come out. Under load datagrams do get lost, so requests are sent again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from ivr.lab.telephone.sip import Message, Requests, consent, new_branch, new_call_id, offer

FIRST_REPEAT_S: Final = 0.5
"""T1 of RFC 3261: a request without a response is sent again after so long, then after twice as long, and so on."""
LONGEST_REPEAT_S: Final = 4.0
_REPEATS: Final = 6


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
        outbox: the datagrams to send to the exchange, which the owner takes.
    """

    def __init__(self, agent: Agent, caller: str, now: float) -> None:
        uri, address = f"sip:{agent.number}@{agent.exchange[0]}:{agent.exchange[1]}", f"<sip:{caller}@{agent.host}>"
        self._requests = Requests(
            here=(agent.host, agent.sip_port),
            uri=uri,
            caller=f"{address};tag={secrets.token_hex(6)}",
            to=f"<{uri}>",
            call_id=new_call_id(agent.host),
        )
        self._branch = new_branch()
        self._ack = b""
        self._state = _State.CALLING
        self._leaves = False
        self.outbox: list[bytes] = []
        headers = [f"P-Asserted-Identity: {address}", "Content-Type: application/sdp"]
        body = offer(agent.host, agent.audio_port)
        self._repeated: _Repeated | None = None
        self._repeat(self._requests.write("INVITE", 1, headers=headers, body=body, branch=self._branch), now)

    @property
    def call_id(self) -> str:
        """Names the call in all messages."""
        return self._requests.call_id

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
            self._repeat(self._requests.write("BYE", 2), now)
            self._state = _State.LEAVING
        elif self._state is _State.CALLING and not self._leaves:
            self._leaves = True
            self.outbox.append(self._requests.write("CANCEL", 1, branch=self._branch))
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
        if message.method == "ACK":
            return None
        self.outbox.append(consent(message))
        return self._over() if message.method == "BYE" and self._state is not _State.OVER else None

    def _answered(self, message: Message, now: float) -> Event | None:
        status = message.status or 0
        if self._state is not _State.CALLING:
            if self._ack:
                self.outbox.append(self._ack)  # the exchange has not seen it
            return None
        if status < 200:
            if self._repeated is not None and self._repeated.data:
                self._repeated = None
            return None
        self._requests.to = message.headers.get("to", self._requests.to)
        if status >= 300:
            self.outbox.append(self._requests.write("ACK", 1, branch=self._branch))
            self._over()
            return Refused(message.first_line)
        self._requests.take_contact(message)
        self._ack = self._requests.write("ACK", 1)
        self.outbox.append(self._ack)
        self._repeated = None
        self._state = _State.TALKING
        if self._leaves or message.media is None:
            self.hang_up(now)
            return None if self._leaves else Refused("the exchange answered the call without audio")
        return Answered(message.media)

    def _over(self) -> Ended:
        self._state, self._repeated = _State.OVER, None
        return Ended()

    def _repeat(self, data: bytes, now: float) -> None:
        self.outbox.append(data)
        self._repeated = _Repeated(data, now + FIRST_REPEAT_S)
