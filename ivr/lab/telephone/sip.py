"""SIP messages as our telephones write and read them: as much as calls to an exchange of ours take."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivr.lab.telephone.rtp import EVENTS, PCMU
from sound.telephone import SAMPLE_RATE_HZ

_COPIED: Final = ("From", "To", "Call-ID", "CSeq")
_ADDRESS: Final = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message.

    Attributes:
        first_line: its first line.
        headers: its headers by lower-case name, the first of each.
        body: its body.
        vias: all headers Via, each a way that the response goes back.
        record_routes: the addresses of all headers Record-Route: proxies that want to see the call's further requests.
    """

    first_line: str
    headers: dict[str, str]
    body: str
    vias: tuple[str, ...] = ()
    record_routes: tuple[str, ...] = ()

    @property
    def status(self) -> int | None:
        """The status of a response; None for a request."""
        found = re.match(r"SIP/2\.0 (\d{3}) ", self.first_line)
        return int(found[1]) if found else None

    @property
    def method(self) -> str:
        """The method of a request."""
        return self.first_line.partition(" ")[0]

    @property
    def media(self) -> tuple[str, int] | None:
        """Where the sender takes audio; None if the message does not say."""
        host, port = re.search(r"c=IN IP4 (\S+)", self.body), re.search(r"m=audio (\d+)", self.body)
        return None if host is None or port is None else (host[1], int(port[1]))

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """Read a datagram. Any datagram becomes a message: a stranger's noise has no status and no headers."""
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        first_line, *lines = head.split("\r\n")
        fields = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return cls(
            first_line,
            dict(reversed(fields)),
            body,
            vias=tuple(value for name, value in fields if name == "via"),
            record_routes=tuple(
                route for name, value in fields if name == "record-route" for route in _ADDRESS.findall(value)
            ),
        )


@dataclass(slots=True, kw_only=True)
class Requests:
    """Writes the requests of one call.

    Attributes:
        here: where the telephone takes signalling.
        uri: where requests go: the number that is dialled, and once it has answered, whoever has.
        caller: the header From.
        to: the header To, which has a tag once there is an answer.
        call_id: names the call.
        routes: the proxies on the way, the nearest first; none before there is an answer.
    """

    here: tuple[str, int]
    uri: str
    caller: str
    to: str
    call_id: str
    routes: Sequence[str] = ()

    def write(
        self, method: str, number: int, *, headers: Sequence[str] = (), body: str = "", branch: str | None = None
    ) -> bytes:
        """Write a request.

        Args:
            method: the method.
            number: the number of the header CSeq.
            headers: further headers.
            body: the body.
            branch: the transaction; another one by default.
        """
        here = f"{self.here[0]}:{self.here[1]}"
        lines = [
            f"{method} {self.uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch={branch or new_branch()};rport",
            *(f"Route: {route}" for route in self.routes),
            "Max-Forwards: 70",
            f"From: {self.caller}",
            f"To: {self.to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:telephone@{here}>",
            *headers,
            f"Content-Length: {len(body)}",
        ]
        return _datagram(lines, body)

    def take_contact(self, answer: Message) -> None:
        """Send further requests to whoever has answered, by way of the proxies that asked for it (RFC 3261, 12.1.2)."""
        self.uri = answer.headers.get("contact", self.uri).strip("<>").partition(">")[0]
        self.routes = answer.record_routes[::-1]


def new_branch() -> str:
    """Name a transaction."""
    return f"z9hG4bK{secrets.token_hex(8)}"


def new_call_id(host: str) -> str:
    """Name a call from an address."""
    return f"{secrets.token_hex(12)}@{host}"


def offer(host: str, port: int) -> str:
    """Offer mu-law audio and events at a port (SDP)."""
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {PCMU} {EVENTS}",
        f"a=rtpmap:{PCMU} PCMU/{SAMPLE_RATE_HZ}",
        f"a=rtpmap:{EVENTS} telephone-event/{SAMPLE_RATE_HZ}",
        f"a=fmtp:{EVENTS} 0-15",
        "a=ptime:20",
        "a=sendrecv",
    ]
    return "\r\n".join(lines) + "\r\n"


def consent(request: Message) -> bytes:
    """Write the response 200 to a request."""
    copied = [f"Via: {via}" for via in request.vias]
    copied += [f"{name}: {request.headers.get(name.lower(), '')}" for name in _COPIED]
    return _datagram(["SIP/2.0 200 OK", *copied, "Content-Length: 0"], "")


def _datagram(lines: Sequence[str], body: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
