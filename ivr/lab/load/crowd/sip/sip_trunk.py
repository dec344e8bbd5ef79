"""Calls by SIP and RTP through an Asterisk, as a carrier's trunk brings them."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ivr.lab.load.crowd.hearing import loud
from ivr.lab.load.crowd.keying import Keying
from ivr.lab.load.crowd.plan import Plan
from ivr.lab.load.crowd.sip.many_packets import AT_ONCE
from ivr.lab.load.crowd.sip.streams import Streams
from ivr.lab.load.crowd.sip.user_agent import Agent, Answered, Dialog, Ended, Event, Refused
from ivr.lab.load.crowd.trunk import Change, EntrySent, Heard
from ivr.lab.telephone.sip import Message
from ivr.media.clock import TICK_S

_BUFFER: Final = 8 << 20
_LONGEST_DATAGRAM: Final = 65535


@dataclass(slots=True)
class _Call:
    dialog: Dialog
    loses: float
    chance: np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class SipWay:
    """The way through an Asterisk.

    Attributes:
        host: the callers' address, which the exchange trusts as a trunk.
        exchange: where the exchange takes signalling.
        number: the number that all of them dial.
    """

    host: str
    exchange: tuple[str, int]
    number: str

    def open(self, places: int) -> SipTrunk:
        """Open the trunk for so many calls at once."""
        return SipTrunk(self, places)


class SipTrunk:
    """The calls of all places, by one socket for signalling and one for audio.

    Args:
        way: where they go.
        places: how many calls there may be at once.
    """

    def __init__(self, way: SipWay, places: int) -> None:
        self._exchange = way.exchange
        self._streams = Streams(way.host, places)
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._sip.setblocking(False)
        self._sip.bind((way.host, 0))
        self._agent = Agent(
            host=way.host,
            sip_port=int(self._sip.getsockname()[1]),
            audio_port=self._streams.socket.port,
            exchange=way.exchange,
            number=way.number,
        )
        self._calls: dict[int, _Call] = {}
        self._place_of: dict[str, int] = {}
        self._next_look = 0.0

    def dial(self, place: int, plan: Plan, chance: np.random.Generator, now: float) -> None:
        """Send an INVITE."""
        dialog = Dialog(self._agent, plan.caller, now)
        self._calls[place] = _Call(dialog, plan.loses, chance)
        self._place_of[dialog.call_id] = place
        self._say(dialog)

    def press(self, place: int, keying: Keying) -> None:
        """Send an entry, from the next frame on."""
        self._streams.press(place, keying)

    def hang_up(self, place: int, now: float) -> None:
        """Send a BYE, or a CANCEL before the answer."""
        self._streams.close(place)
        dialog = self._calls[place].dialog
        dialog.hang_up(now)
        self._say(dialog)

    def changes(self, now: float) -> list[tuple[int, Change]]:
        """Take the messages that have come, and send again what had no response."""
        found: list[tuple[int, Change]] = []
        while True:
            try:
                message = Message.parse(self._sip.recv(_LONGEST_DATAGRAM))
            except BlockingIOError:
                break
            place = self._place_of.get(message.headers.get("call-id", ""))
            if place is not None:
                found += self._after(place, self._calls[place].dialog.receive(message, now))
        if now >= self._next_look:
            self._next_look = now + TICK_S
            for place, call in list(self._calls.items()):
                if call.dialog.next_at is not None and call.dialog.next_at <= now:
                    found += self._after(place, call.dialog.time(now))
        return found

    def hear(self, now: float) -> Iterator[Heard]:
        """Take the audio that has come; the kernel knows when each packet did."""
        since_1970 = time.time() - now
        while True:
            whose, payloads, at = self._streams.take()
            if len(whose):
                yield whose, loud(payloads), at - since_1970
            if len(whose) < AT_ONCE:
                return

    def send(self, slot: int) -> list[EntrySent]:
        """Send a packet for each call of a slot."""
        return self._streams.send(slot)

    def close(self) -> None:
        """Close all sockets."""
        self._streams.close_all()
        self._sip.close()

    def _say(self, dialog: Dialog) -> None:
        for datagram in dialog.outbox:
            self._sip.sendto(datagram, self._exchange)
        dialog.outbox.clear()

    def _after(self, place: int, event: Event | None) -> list[tuple[int, Change]]:
        """Send what a dialog wants to send, and do what follows from its event."""
        call = self._calls[place]
        self._say(call.dialog)
        found: list[tuple[int, Change]] = []
        match event:
            case Answered(media):
                self._streams.open(place, media, call.chance, loses=call.loses)
                found.append((place, Change.ANSWERED))
            case Refused() if call.dialog.is_over:
                found.append((place, Change.REFUSED))
            case Ended():
                found.append((place, Change.ENDED))
        if call.dialog.is_over:
            self._streams.close(place)
            del self._calls[place], self._place_of[call.dialog.call_id]  # late messages find nothing
        return found
