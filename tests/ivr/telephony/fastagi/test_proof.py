"""A peer that connects over FastAGI proves that it is our Asterisk, and says nothing that another could use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ivr.telephony.fastagi.proof import proves
from ivr.telephony.fastagi.server import AgiChannel, AgiLimits, FastAgiServer
from tests.ivr.telephony.fastagi.agi_asterisk import proof

SECRET = "known-to-both.~+/_-1"


class Door:
    """A FastAGI server that notes which peers it lets in."""

    def __init__(self) -> None:
        self.let_in: list[str] = []
        self.server = FastAgiServer(self._serve, AgiLimits(strangers=4), door=self._door)

    async def _door(self, channel: AgiChannel) -> str | None:
        return None if await proves(channel, SECRET) else "wrong secret"

    async def _serve(self, channel: AgiChannel) -> None:
        self.let_in.append(channel.request.variables["uniqueid"])


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def asked(self, uniqueid: str) -> str:
        self.writer.write(f"agi_network: yes\nagi_uniqueid: {uniqueid}\n\n".encode())
        async with asyncio.timeout(10):
            return (await self.reader.readline()).decode().strip()

    async def answers(self, answer: str) -> None:
        self.writer.write(f"{answer}\n".encode())
        async with asyncio.timeout(10):
            assert await self.reader.read() == b""
        self.writer.close()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    await door.server.listen("127.0.0.1", 0)
    yield door
    door.server.stop_listening()


async def connected(door: Door) -> Peer:
    return Peer(*await asyncio.open_connection("127.0.0.1", door.server.port))


async def test_our_asterisk_is_let_in(door: Door) -> None:
    peer = await connected(door)
    question = await peer.asked("1.1")
    await peer.answers(f"200 result=1 ({proof(question, '1.1', SECRET)})")
    assert door.let_in == ["1.1"]


async def test_the_secret_is_neither_asked_for_nor_in_the_question(door: Door) -> None:
    peer = await connected(door)
    assert SECRET not in await peer.asked("1.1")
    peer.writer.close()


@pytest.mark.parametrize(
    "answer",
    [
        "200 result=1 (guessed)",
        f"200 result=1 ({SECRET})",
        "200 result=0",
        "510 Invalid or unknown command",
        "nonsense",
    ],
)
async def test_who_does_not_know_the_secret_is_not(door: Door, answer: str) -> None:
    peer = await connected(door)
    await peer.asked("1.1")
    await peer.answers(answer)
    assert door.let_in == []


async def test_what_was_answered_once_is_worth_nothing_for_another_connection_or_another_call(door: Door) -> None:
    first = await connected(door)
    overheard = proof(await first.asked("1.1"), "1.1", SECRET)
    again = await connected(door)
    await again.asked("1.1")
    await again.answers(f"200 result=1 ({overheard})")
    other = await connected(door)
    question = await other.asked("1.2")
    await other.answers(f"200 result=1 ({proof(question, '1.1', SECRET)})")
    await first.answers(f"200 result=1 ({overheard})")
    assert door.let_in == ["1.1"]


async def test_more_calls_at_once_than_strangers_may_be_have_their_time_for_the_proof(door: Door) -> None:
    peers = [await connected(door) for _ in range(4)]
    questions = [await peer.asked(str(number)) for number, peer in enumerate(peers)]
    for _ in range(12):
        peers.append(await connected(door))
        questions.append(await peers[-1].asked(str(len(questions))))
    for number, (peer, question) in enumerate(zip(peers, questions, strict=True)):
        await peer.answers(f"200 result=1 ({proof(question, str(number), SECRET)})")
    assert door.let_in == [str(number) for number in range(16)]
