"""A peer that was in time stays, although this host was not; on the loop that the service runs on."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Coroutine
from contextlib import closing
from uuid import UUID, uuid4

import pytest
import uvloop

from ivr.telephony.audiosocket.codec import message
from ivr.telephony.audiosocket.server import AudioSocketConnection, AudioSocketLimits, AudioSocketServer
from ivr.telephony.fastagi.server import AgiChannel, AgiLimits
from ivr.telephony.patience import within
from tests.ivr.telephony.servers import REQUEST, agi_server, audiosocket_server, until

LIMIT_S = 1.0
STANDSTILL_S = 1.5
CROWD = 150


def run(test: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test)


def stand_still() -> None:
    time.sleep(STANDSTILL_S)


def test_a_call_that_said_who_it_is_while_the_host_stood_still_is_not_sent_away() -> None:
    connections: list[AudioSocketConnection] = []

    def identified(_uuid: UUID, connection: AudioSocketConnection) -> bool:
        connections.append(connection)
        if len(connections) == 1:  # the loop has asked already whether there is anything to read
            late.sendall(message(0x01, uuid4().bytes))
            stand_still()
        return True

    async def test() -> None:
        server = AudioSocketServer(identified, AudioSocketLimits(identify_s=LIMIT_S))
        await server.listen("127.0.0.1", 0)
        with late, socket.create_connection(("127.0.0.1", server.port)) as first:
            late.connect(("127.0.0.1", server.port))
            await asyncio.sleep(0.05)  # the connections are accepted, and their time runs
            first.sendall(message(0x01, uuid4().bytes))
            await until(lambda: len(connections) == 2)
            assert not any(connection.ended for connection in connections)
        server.stop_listening()

    late = socket.socket()
    run(test())


def test_a_request_and_an_answer_that_came_while_the_host_stood_still_are_in_time() -> None:
    seen: list[str | None] = []

    async def handler(channel: AgiChannel) -> None:
        seen.append(await channel.get_variable("X"))

    async def test() -> None:
        async with agi_server(handler, AgiLimits(request_s=LIMIT_S, reply_s=LIMIT_S)) as connect:
            reader, writer = await connect()
            await asyncio.sleep(0.05)
            writer.write(REQUEST)
            stand_still()
            await reader.readline()
            writer.write(b"200 result=1 (well)\n")
            stand_still()
            await until(lambda: seen)
            writer.close()

    run(test())
    assert seen == ["well"]


def test_a_crowd_that_is_slow_to_say_who_it_is_is_heard_before_anyone_makes_room() -> None:
    """A busy exchange connects many calls before it gets to name the first of them."""

    async def test() -> None:
        async with audiosocket_server(AudioSocketLimits(connections=2 * CROWD, strangers=4)) as (connections, connect):
            _, first = await connect()
            address = first.get_extra_info("peername")
            crowd = [socket.create_connection(address) for _ in range(CROWD)]
            await asyncio.sleep(0.1)
            for peer in crowd:
                peer.sendall(message(0x01, uuid4().bytes))
            await until(lambda: len(connections) == CROWD)
            for peer in crowd:
                with closing(peer):
                    pass
            first.close()

    run(test())


async def test_a_peer_that_has_had_its_time_is_waited_for_no_longer() -> None:
    with pytest.raises(TimeoutError):
        async with within(0.05):
            await asyncio.Event().wait()


async def test_a_peer_that_is_in_time_is_not_disturbed_later() -> None:
    async with within(0.05):
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)
