"""A telephone for test calls: as much of SIP and RTP as one call to an exchange of ours takes.

It calls as a carrier's trunk does: from an address that the exchange trusts, with the caller number asserted. Unlike a
call that Asterisk places for us, it controls its own packets. So an RFC 4733 event can go beside the tone of the same
key. And a packet that the line loses is not sent, while sequence numbers and time stamps go on, as on a real trunk.

UDP on loopback loses nothing, so requests are sent once.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from dataclasses import dataclass, field
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from dsp import ulaw_decode, ulaw_encode
from ivr.lab.sender import KeyEvent, Sent
from ivr.lab.telephone.rtp import END_REPEATS, EVENTS, HEAD, MARKER, PCMU, VERSION, event_payload
from ivr.lab.telephone.sip import Message, Requests, consent, new_branch, new_call_id, offer
from ivr.telephony.errors import TelephonyError
from sound.telephone import FRAME_SAMPLES

_ANSWER_S: Final = 20.0
_GOODBYE_S: Final = 2.0


class CallRefused(TelephonyError):  # noqa: N818 - reads as what it says
    """The exchange did not answer the call; the message gives its reply."""


class Datagrams(asyncio.DatagramProtocol):
    """A UDP socket whose datagrams wait until they are taken."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, host: str) -> Datagrams:
        """Open a socket at an address, on a free port."""
        loop = asyncio.get_running_loop()
        _, datagrams = await loop.create_datagram_endpoint(cls, local_addr=(host, 0))
        return datagrams

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Keep the datagram until it is taken."""
        self.waiting.put_nowait(data)

    @property
    def port(self) -> int:
        """The port that the socket is bound to."""
        return int(self._open.get_extra_info("sockname")[1])

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        """Send a datagram."""
        self._open.sendto(data, to)

    def close(self) -> None:
        """Close the socket."""
        self._open.close()

    @property
    def _open(self) -> asyncio.DatagramTransport:
        if self.transport is None:
            raise RuntimeError("the socket is not open yet")
        return self.transport


@dataclass(slots=True)
class _Event:
    """An event being sent."""

    key: KeyEvent = field(repr=False)
    stamp: int
    sent: int = 0


class PhoneCall:
    """One call; `dial` places it.

    Args:
        sip: the socket for signalling.
        rtp: the socket for audio.
        exchange: where the exchange listens for SIP.
        host: the phone's address.
        number: the number to dial.

    Attributes:
        media: where the call's audio goes, once the call is answered.
    """

    def __init__(self, sip: Datagrams, rtp: Datagrams, *, exchange: tuple[str, int], host: str, number: str) -> None:
        self._sip = sip
        self._rtp = rtp
        self._exchange = exchange
        self._host = host
        uri = f"sip:{number}@{exchange[0]}:{exchange[1]}"
        self._requests = Requests(here=(host, sip.port), uri=uri, caller="", to=f"<{uri}>", call_id=new_call_id(host))
        self.media: tuple[str, int] = exchange
        self._sequence = secrets.randbelow(1 << 15)
        self._stamp = secrets.randbelow(1 << 31)
        self._source = secrets.randbelow(1 << 32)
        self._numbers = itertools.count(2)
        self._event: _Event | None = None
        self._talk_begins = True
        self.ended = False

    async def dial(self, caller: str | None, *, withheld: bool = False, name: str = "") -> None:
        """Call, and wait for the answer.

        Args:
            caller: the number that is asserted; None for none.
            withheld: whether the called side must not learn it.
            name: the display name beside the number, or why there is no number.

        Raises:
            CallRefused: the exchange refuses, or does not answer.
        """
        shown = f'"{name}" ' if name else ""
        user = "anonymous" if caller is None or withheld else caller
        self._requests.caller = f"{shown}<sip:{user}@{self._host}>;tag={secrets.token_hex(6)}"
        identity = [] if caller is None else [f"P-Asserted-Identity: <sip:{caller}@{self._host}>"]
        if withheld:
            identity.append("Privacy: id")
        headers = [*identity, "Content-Type: application/sdp"]
        branch, body = new_branch(), offer(self._host, self._rtp.port)
        self._say(self._requests.write("INVITE", 1, headers=headers, body=body, branch=branch))
        try:
            async with asyncio.timeout(_ANSWER_S):
                answer = await self._final_response()
        except TimeoutError:
            raise CallRefused(f"no answer to a call within {_ANSWER_S:g} s") from None
        self._requests.to = answer.headers.get("to", self._requests.to)
        if answer.status != 200:
            self._say(self._requests.write("ACK", 1, branch=branch))
            again = f" (Retry-After: {when})" if (when := answer.headers.get("retry-after")) else ""
            raise CallRefused(f"the exchange refused the call: {answer.first_line}{again}")
        self._requests.take_contact(answer)
        self._say(self._requests.write("ACK", 1))
        if answer.media is None:
            raise CallRefused("the exchange answered the call without audio")
        self.media = answer.media

    # --- audio ----------------------------------------------------------------------------------------------

    def received(self) -> list[NDArray[np.int16]]:
        """Take the audio that has come since this was last called, packet by packet; answers signalling, too."""
        while not self._sip.waiting.empty():
            self._answer(Message.parse(self._sip.waiting.get_nowait()))
        frames = []
        while not self._rtp.waiting.empty():
            packet = self._rtp.waiting.get_nowait()
            if len(packet) > HEAD.size and packet[1] & ~MARKER == PCMU:
                frames.append(ulaw_decode(np.frombuffer(packet, np.uint8, offset=HEAD.size)))
        return frames

    def send(self, sent: Sent) -> None:
        """Let 20 ms pass: send their audio, if there is any, and the packets of the current event.

        A lost packet leaves its number out. A packet behind a pause that was not sent has the marker (RFC 3551, 4.1).
        """
        if sent.event is not None:
            self._event = _Event(sent.event, self._stamp)
        if self._event is not None:
            self._send_event(self._event)
        if sent.audio is not None:
            self._packet(PCMU, self._stamp, ulaw_encode(sent.audio).tobytes(), marker=self._talk_begins)
        self._sequence += sent.lost
        self._talk_begins = sent.audio is None and not sent.lost
        self._stamp += FRAME_SAMPLES

    def _send_event(self, event: _Event) -> None:
        """Send one packet for each 20 ms, and the end three times (RFC 4733, 2.5.1)."""
        event.sent += 1
        ends = event.sent >= event.key.frames
        payload = event_payload(event.key.key, event.sent * FRAME_SAMPLES, ends=ends)
        for _ in range(END_REPEATS if ends else 1):
            self._packet(EVENTS, event.stamp, payload, marker=event.sent == 1)
        if ends:
            self._event = None

    def _packet(self, kind: int, stamp: int, payload: bytes, *, marker: bool) -> None:
        kind |= MARKER if marker else 0
        head = HEAD.pack(VERSION, kind, self._sequence & 0xFFFF, stamp & 0xFFFFFFFF, self._source)
        self._sequence += 1
        self._rtp.send(head + payload, self.media)

    def inform(self, key: str) -> None:
        """Send a key as SIP INFO, as some telephones do that know no events (application/dtmf-relay)."""
        body = f"Signal={key}\r\nDuration=100\r\n"
        headers = ["Content-Type: application/dtmf-relay"]
        self._say(self._requests.write("INFO", next(self._numbers), headers=headers, body=body))

    # --- signalling -----------------------------------------------------------------------------------------

    async def hang_up(self) -> None:
        """End the call, unless the exchange has; wait until the exchange knows."""
        if self.ended:
            return
        self.ended = True
        self._say(self._requests.write("BYE", next(self._numbers)))
        try:
            async with asyncio.timeout(_GOODBYE_S):
                while (await self._next()).status is None:
                    pass
        except TimeoutError:
            return  # the exchange has hung up at the same moment

    def close(self) -> None:
        """Close the sockets."""
        self._sip.close()
        self._rtp.close()

    async def _final_response(self) -> Message:
        while True:
            message = await self._next()
            if message.status is not None and message.status >= 200:
                return message

    async def _next(self) -> Message:
        message = Message.parse(await self._sip.waiting.get())
        self._answer(message)
        return message

    def _answer(self, message: Message) -> None:
        """Say yes to every request of the exchange; a BYE ends the call."""
        if message.status is not None or message.method == "ACK" or "call-id" not in message.headers:
            return
        self.ended = self.ended or message.method == "BYE"
        self._say(consent(message))

    def _say(self, data: bytes) -> None:
        self._sip.send(data, self._exchange)


async def open_call(*, exchange: tuple[str, int], host: str, number: str) -> PhoneCall:
    """Prepare a call from an address of this machine, not yet dialled.

    Args:
        exchange: where the exchange listens for SIP.
        host: the phone's address; a trunk is known by it.
        number: the number to dial.
    """
    sip = await Datagrams.open(host)
    rtp = await Datagrams.open(host)
    return PhoneCall(sip, rtp, exchange=exchange, host=host, number=number)
