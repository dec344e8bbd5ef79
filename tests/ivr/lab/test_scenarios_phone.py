"""The telephone of live scenarios: the packets it sends, and those it takes. Whole calls are in tests/live."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import ulaw_decode
from ivr.lab.scenarios.phone import CallRefused, Datagrams, PhoneCall, open_call
from ivr.lab.sender import SILENCE, KeyEvent, Sent
from ivr.lab.telephone.sip import Message

HOST = "127.0.0.1"
TONE: NDArray[np.int16] = np.full(160, 8000, np.int16)


class Exchange:
    """The other end: takes what the telephone sends, and answers as the test says."""

    def __init__(self, sip: Datagrams, rtp: Datagrams) -> None:
        self.sip = sip
        self.rtp = rtp

    async def request(self) -> Message:
        async with asyncio.timeout(5):
            return Message.parse(await self.sip.waiting.get())

    def send(self, call: PhoneCall, text: str) -> None:
        self.sip.send(text.replace("\n", "\r\n").encode(), (HOST, call._sip.port))

    def answer(self, call: PhoneCall, request: Message, status: str, body: str = "") -> None:
        copied = "\n".join(f"{name}: {request.headers[name]}" for name in ("via", "from", "call-id", "cseq"))
        to = f"To: {request.headers['to']};tag=exchange"
        self.send(call, f"SIP/2.0 {status}\n{copied}\n{to}\nContact: <sip:there@{HOST}:{self.sip.port}>\n\n{body}")

    @property
    def media(self) -> str:
        return f"v=0\nc=IN IP4 {HOST}\nm=audio {self.rtp.port} RTP/AVP 0 101\n"

    async def packets(self) -> list[tuple[int, int, int, bytes]]:
        """The RTP packets that have come: type with marker, sequence number, time stamp, payload."""
        await asyncio.sleep(0.05)
        found = []
        while not self.rtp.waiting.empty():
            packet = self.rtp.waiting.get_nowait()
            _, kind, sequence, stamp, _ = struct.unpack(">BBHII", packet[:12])
            found.append((kind, sequence, stamp, packet[12:]))
        return found


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    exchange = Exchange(await Datagrams.open(HOST), await Datagrams.open(HOST))
    yield exchange
    exchange.sip.close()
    exchange.rtp.close()


@pytest.fixture
async def call(exchange: Exchange) -> AsyncIterator[PhoneCall]:
    call = await open_call(exchange=(HOST, exchange.sip.port), host=HOST, number="0363044747")
    yield call
    call.close()


async def answered(exchange: Exchange, call: PhoneCall) -> None:
    dialling = asyncio.create_task(call.dial("0312345678"))
    invite = await exchange.request()
    exchange.answer(call, invite, "100 Trying")
    exchange.answer(call, invite, "200 OK", exchange.media)
    await dialling
    assert (await exchange.request()).first_line.startswith("ACK ")


@pytest.mark.parametrize(
    ("caller", "withheld", "asserted", "privacy", "sender"),
    [
        ("0312345678", False, f"<sip:0312345678@{HOST}>", None, "sip:0312345678@"),
        ("0312345678", True, f"<sip:0312345678@{HOST}>", "id", "sip:anonymous@"),
        (None, False, None, None, "sip:anonymous@"),
    ],
)
async def test_a_call_says_who_calls_as_a_carrier_does(
    exchange: Exchange, call: PhoneCall, caller: str | None, withheld: bool, asserted: str, privacy: str, sender: str
) -> None:
    dialling = asyncio.create_task(call.dial(caller, withheld=withheld))
    invite = await exchange.request()
    assert invite.headers.get("p-asserted-identity") == asserted
    assert invite.headers.get("privacy") == privacy
    assert sender in invite.headers["from"]
    exchange.answer(call, invite, "200 OK", exchange.media)
    await dialling


@pytest.mark.parametrize(("status", "body"), [("486 Busy Here", ""), ("200 OK", "v=0\n")])
async def test_a_call_that_is_refused_or_has_no_audio_is_told(
    exchange: Exchange, call: PhoneCall, status: str, body: str
) -> None:
    dialling = asyncio.create_task(call.dial("0312345678"))
    exchange.answer(call, await exchange.request(), status, body)
    with pytest.raises(CallRefused, match=r"486 Busy Here|without audio"):
        await dialling


async def test_audio_is_a_packet_every_20_ms_and_a_lost_one_leaves_its_place_empty(
    exchange: Exchange, call: PhoneCall
) -> None:
    await answered(exchange, call)
    for sent in (Sent(TONE), Sent(None, lost=True), Sent(TONE)):
        call.send(sent)
    first, second = await exchange.packets()
    assert (first[0], second[0]) == (0x80, 0)  # PCMU; the first has the marker
    assert (second[1] - first[1], second[2] - first[2]) == (2, 320)
    heard = ulaw_decode(np.frombuffer(second[3], np.uint8))
    assert np.abs(heard.astype(int) - 8000).max() < 200


async def test_behind_a_pause_that_was_not_sent_numbers_go_on_and_there_is_a_marker(
    exchange: Exchange, call: PhoneCall
) -> None:
    await answered(exchange, call)
    for sent in (Sent(TONE), Sent(None), Sent(None), Sent(TONE), Sent(TONE)):
        call.send(sent)
    first, second, third = await exchange.packets()
    assert (second[0], second[1] - first[1], second[2] - first[2]) == (0x80, 1, 480)
    assert (third[0], third[1] - first[1]) == (0, 2)


async def test_an_event_counts_up_ends_three_times_and_takes_no_number_from_a_packet_that_was_not_sent(
    exchange: Exchange, call: PhoneCall
) -> None:
    await answered(exchange, call)
    call.send(Sent(SILENCE))
    call.send(Sent(None, event=KeyEvent("#", 3)))
    for _ in range(2):
        call.send(Sent(None))
    call.send(Sent(SILENCE))
    before, *events, after = await exchange.packets()
    assert [kind & 0x7F for kind, *_ in events] == [101] * 5
    assert [kind >> 7 for kind, *_ in events] == [1, 0, 0, 0, 0]
    assert [struct.unpack(">BBH", payload) for *_, payload in events] == [
        (11, 10, 160),
        (11, 10, 320),
        *[(11, 0x80 | 10, 480)] * 3,
    ]
    assert {stamp - before[2] for _, _, stamp, _ in events} == {160}
    assert [sequence - before[1] for _, sequence, *_ in (*events, after)] == [1, 2, 3, 4, 5, 6]


async def test_a_key_can_be_sent_as_tone_and_event_at_once(exchange: Exchange, call: PhoneCall) -> None:
    await answered(exchange, call)
    call.send(Sent(TONE, event=KeyEvent("5", 2)))
    call.send(Sent(TONE))
    assert [kind & 0x7F for kind, *_ in await exchange.packets()] == [101, 0, 101, 101, 101, 0]


async def test_what_comes_is_heard_and_what_is_no_audio_is_left_alone(exchange: Exchange, call: PhoneCall) -> None:
    await answered(exchange, call)
    for payload in (b"\x80\x00\0\1\0\0\0\1\0\0\0\1" + bytes([0x80] * 160), b"", b"\x80", b"\x80\x65" + bytes(14)):
        exchange.rtp.send(payload, (HOST, call._rtp.port))
    await asyncio.sleep(0.05)
    (frame,) = call.received()
    assert frame.tolist() == [32124] * 160


async def test_a_call_that_the_exchange_ends_has_ended(exchange: Exchange, call: PhoneCall) -> None:
    await answered(exchange, call)
    exchange.send(call, "BYE sip:x SIP/2.0\nVia: v\nFrom: f\nTo: t\nCall-ID: c\nCSeq: 7 BYE\n\n")
    await asyncio.sleep(0.05)
    call.received()
    assert call.ended
    reply = await exchange.request()
    assert (reply.status, reply.headers["cseq"]) == (200, "7 BYE")
    await call.hang_up()  # nobody is left who could hear it
    assert exchange.sip.waiting.empty()


async def test_who_hangs_up_waits_until_the_exchange_knows(exchange: Exchange, call: PhoneCall) -> None:
    await answered(exchange, call)
    hanging_up = asyncio.create_task(call.hang_up())
    bye = await exchange.request()
    assert bye.first_line.startswith(f"BYE sip:there@{HOST}:{exchange.sip.port}")
    assert not hanging_up.done()
    exchange.answer(call, bye, "200 OK")
    await hanging_up
    assert call.ended


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, b"BYE", b"SIP/2.0 abc\r\n\r\n", b"\r\n\r\n: x"])
async def test_noise_on_the_signalling_port_ends_nothing(exchange: Exchange, call: PhoneCall, data: bytes) -> None:
    await answered(exchange, call)
    exchange.sip.send(data, (HOST, call._sip.port))
    await asyncio.sleep(0.02)
    call.received()
    assert not call.ended
