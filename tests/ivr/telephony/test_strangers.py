"""A peer that has not said who it is takes no call's place, and does not fill the log."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest
import structlog

from ivr.telephony.audiosocket.codec import message
from ivr.telephony.audiosocket.server import AudioSocketLimits
from ivr.telephony.fastagi.server import AgiChannel, AgiLimits
from ivr.telephony.strangers import HEARD_S, MADE_ROOM, Strangers
from logs import summary
from logs.setup import configure_logs
from tests.ivr.telephony.servers import REQUEST, agi_server, audiosocket_server, closed, until


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logs(json=True, stream=stream)
    yield stream
    structlog.reset_defaults()


def told(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_the_one_who_has_waited_longest_makes_room(log: io.StringIO) -> None:
    gone: list[str] = []
    made_room: list[None] = []
    door = Strangers("a door", most=2, made_room=lambda: made_room.append(None))
    for who in ("first", "second", "third"):
        door.came(who, partial(gone.append, who))
    assert gone == ["first"]
    assert len(made_room) == 1
    assert door.left("second")
    assert not door.left("first")
    door.came("fourth", lambda: gone.append("fourth"))
    assert gone == ["first"]


async def test_newcomers_are_heard_before_they_make_room_while_there_are_places(log: io.StringIO) -> None:
    gone: list[str] = []
    now = 0.0
    door = Strangers("a door", most=1, spare=lambda: 2, clock=lambda: now)
    for who in ("first", "second", "third"):
        door.came(who, partial(gone.append, who))
    assert gone == []
    door.came("fourth", partial(gone.append, "fourth"))
    assert gone == ["first"]
    now = HEARD_S
    door.came("fifth", partial(gone.append, "fifth"))
    assert gone == ["first", "second", "third", "fourth"]


async def test_a_thousand_are_two_lines_of_the_log(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "SUMMARY_S", 0.05)
    door = Strangers("a door", most=1)
    for who in range(1000):
        door.came(who, lambda: None)
    door.sent_away(999, "no request")
    await asyncio.sleep(0.2)
    lines = told(log)
    assert [line["reasons"] for line in lines] == [{MADE_ROOM: 1}, {MADE_ROOM: 998, "no request": 1}]
    assert {line["door"] for line in lines} == {"a door"}


async def test_who_is_none_of_them_is_not_closed_and_not_counted(log: io.StringIO) -> None:
    Strangers("a door").sent_away("somebody", "no request")
    assert log.getvalue() == ""


async def test_an_exchange_gets_in_among_thousands_who_say_nothing(log: io.StringIO) -> None:
    served: list[str] = []

    async def handler(channel: AgiChannel) -> None:
        served.append(channel.request.variables["uniqueid"])

    async with agi_server(handler, AgiLimits(connections=2, strangers=8)) as connect:
        idle = [await connect() for _ in range(300)]
        for _ in range(3):
            reader, writer = await connect()
            writer.write(REQUEST)
            assert await closed(reader)
            writer.close()
        for _, writer in idle:
            writer.close()
    assert served == ["1", "1", "1"]
    assert len(told(log)) == 1


async def test_a_call_has_its_audio_among_thousands_who_say_nothing(log: io.StringIO) -> None:
    async with audiosocket_server(AudioSocketLimits(connections=2, strangers=8)) as (connections, connect):
        idle = [await connect() for _ in range(300)]
        _, writer = await connect()
        writer.write(message(0x01, uuid4().bytes))
        await until(lambda: connections)
        more = [await connect() for _ in range(20)]
        assert not connections[0].ended
        for _, each in [*idle, *more]:
            each.close()
        writer.close()
    assert len(told(log)) == 1
