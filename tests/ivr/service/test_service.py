"""The service against a scripted Asterisk: how it serves calls, and peers that are not calls."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from credentials.model import LoginVerdict
from ivr.call.dialogue.events import Event, Stored
from ivr.call.session import CallSession
from ivr.errors import PortTaken
from ivr.host.handed_sockets import HandedSockets
from ivr.lab.free_ports import free_tcp_ports
from ivr.records import Query
from ivr.service.strain import Strain
from ivr.telephony.fastagi.server import AgiLimits
from tests.ivr.service.scripted_asterisk import CONTRACT, PASSWORD, Channel, ScriptedHouse, Stream, in_call

CROWDED = 'SET VARIABLE "KARIPASS_APOLOGY" "crowded"'


async def test_a_caller_who_hangs_up_is_told_to_the_dialplan(house: ScriptedHouse) -> None:
    channel, stream = await in_call(house)
    stream.writer.close()
    await house.logged('"call_ended"')
    await channel.rest()
    assert channel.variables == {"KARIPASS_REASON": "hung_up", "KARIPASS_OUTCOME": "abandoned"}


async def test_the_dialplans_short_limit_gives_way_to_the_cap(house: ScriptedHouse) -> None:
    channel, stream = await in_call(house)
    cap = [command for command in channel.asked if "TIMEOUT(absolute)" in command]
    assert cap == ['SET VARIABLE "TIMEOUT(absolute)" "540"']
    stream.writer.close()
    channel.writer.close()


async def test_keys_set_the_password_and_the_store_has_it_before_the_caller_is_told(house: ScriptedHouse) -> None:
    _, stream = await in_call(house)
    stream.press(f"1{PASSWORD}{PASSWORD}")
    async with asyncio.timeout(10):
        while await asyncio.to_thread(house.verdict) is not LoginVerdict.ACCEPTED:  # noqa: ASYNC110 - what is in the store
            await asyncio.sleep(0.02)
    stream.writer.close()
    assert '"outcome": "set"' in (await house.logged('"call_ended".*|.*"call_ended"')).string
    assert PASSWORD not in house.log.getvalue()


async def test_a_peer_that_does_not_know_the_secret_gets_no_call(house: ScriptedHouse) -> None:
    channel = Channel(house)
    await channel.dial(secret="guessed")
    assert await channel.command() is None
    await house.logged("wrong secret: the file that KARIPASS_AGI_SECRET_FILE names")
    channel.writer.close()


async def test_a_service_that_stops_takes_no_new_call_and_keeps_its_port_until_the_last_has_ended(
    house: ScriptedHouse,
) -> None:
    _, stream = await in_call(house)
    house.stop.set()
    await house.logged('"stopping"')
    one_more = Channel(house)
    await one_more.dial()
    assert await one_more.command() is None
    assert await house.logged('"call_refused".*"stopping"|"stopping".*"call_refused"')
    one_more.writer.close()
    stream.writer.close()


async def test_a_port_that_is_held_for_the_service_stays_held_when_it_is_gone(house: ScriptedHouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        told = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
        handed = HandedSockets(told, first=os.dup(held.fileno()))
        agi_port = held.getsockname()[1]
        [audiosocket_port] = free_tcp_ports(1)
        ports = {"agi_port": agi_port, "audiosocket_port": audiosocket_port}
        house.settings = house.settings.model_copy(update=ports)
        stop, ready = asyncio.Event(), asyncio.Event()
        another = house.another_service().run(house.doors(handed), stop, asyncio.Event(), ready.set)
        serving = asyncio.create_task(another)
        await ready.wait()
        channel = Channel(house)
        await channel.dial()
        assert await channel.until_exec() is not None
        channel.writer.close()
        await house.logged('"call_ended"')
        stop.set()
        await serving
        with pytest.raises(OSError, match="in use"):
            socket.create_server(("127.0.0.1", agi_port))


async def test_a_service_says_whether_it_would_take_a_call_and_takes_none_by_that(
    house: ScriptedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = Channel(house)
    await asks.dial(script="ready")
    assert await asks.until_exec() is None
    assert asks.asked == ['SET VARIABLE "KARIPASS_READY" "yes"']
    assert house.service.calls == 0
    monkeypatch.setattr("ivr.service.admission.FEWEST", 1)
    channel, stream = await in_call(house)
    house.service._strain = Strain(lambda: 0.0, memory=lambda: 0.0)
    await house.logged('"host_strained"')
    asks_again = Channel(house)
    await asks_again.dial(script="ready")
    assert await asks_again.until_exec() is None
    assert asks_again.asked == [CROWDED]
    for writer in (asks.writer, stream.writer, channel.writer, asks_again.writer):
        writer.close()


async def test_there_are_no_more_calls_than_the_setting_says(house: ScriptedHouse) -> None:
    calls = [await in_call(house) for _ in range(house.settings.calls)]
    one_more = Channel(house)
    await one_more.dial()
    assert await one_more.until_exec() is None
    assert one_more.asked[-1] == CROWDED
    await house.logged('"call_refused"')
    for channel, stream in calls:
        stream.writer.close()
        channel.writer.close()
    one_more.writer.close()


async def test_a_strained_host_takes_no_more_calls_and_lets_those_in_progress_go_on(
    house: ScriptedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.service.admission.FEWEST", 1)
    channel, stream = await in_call(house)
    house.service._strain = Strain(lambda: 0.0, memory=lambda: 0.0)
    await house.logged('"host_strained"')
    one_more = Channel(house)
    await one_more.dial(number="0661234567")
    assert await one_more.until_exec() is None
    assert one_more.asked[-1] == CROWDED
    assert not channel.writer.is_closing()
    assert house.service.calls == 1
    for writer in (stream.writer, channel.writer, one_more.writer):
        writer.close()


async def test_of_one_number_there_are_no_more_than_the_setting_says(house: ScriptedHouse) -> None:
    house.places.all.of_a_number = 1
    call = await in_call(house)
    for _ in range(2 * house.settings.calls):
        one_more = Channel(house)
        await one_more.dial()
        assert await one_more.until_exec() is None  # the dialplan apologises
        assert one_more.asked[-1] == CROWDED
        one_more.writer.close()
    await house.logged('"too many calls of one number"')
    third = Channel(house)
    await third.dial(number="0661234567")
    assert await third.until_exec() is not None
    for channel in (call[0], third):
        channel.writer.close()
    call[1].writer.close()


@pytest.mark.parametrize("reply", ["", "garbage\n", "511 Command Not Permitted on a dead channel\n"])
async def test_a_channel_that_fails_at_once_leaves_nothing_behind(house: ScriptedHouse, reply: str) -> None:
    channel = Channel(house)
    await channel.dial()
    while (command := await channel.command()) != "ANSWER":
        assert command is not None
        channel.say(f"200 result=1 ({CONTRACT if 'num' in command else 'allowed'})\n")
    channel.say(reply)
    channel.writer.close()
    await house.logged('"call_ended"')
    assert house.service.calls == 0


@pytest.mark.parametrize("reply", ["", "garbage\n"])
async def test_an_asterisk_that_breaks_off_in_a_call_takes_the_call_with_it(house: ScriptedHouse, reply: str) -> None:
    channel, stream = await in_call(house)
    stream.press("1")
    channel.say(reply)
    channel.writer.close()
    await stream.closed()
    await house.logged('"call_ended"')
    assert house.service.calls == 0


async def test_a_uuid_is_worth_nothing_once_its_call_is_over(house: ScriptedHouse) -> None:
    channel = Channel(house)
    await channel.dial()
    uuid = await channel.until_exec()
    assert uuid is not None
    channel.say("garbage\n")
    await house.logged('"call_ended"')
    late = await Stream().open(house, uuid)
    late.press(f"1{PASSWORD}{PASSWORD}")
    await late.closed()
    channel.writer.close()
    assert house.verdict() is LoginVerdict.UNKNOWN


async def test_a_stream_that_breaks_is_our_fault_and_lets_the_dialplan_apologise(house: ScriptedHouse) -> None:
    channel, stream = await in_call(house)
    await stream.first_frame()
    stream.writer.write(b"\x77\0\0")
    await house.logged('"stream_broken"')
    await channel.rest()
    await stream.closed()
    assert channel.variables == {}


async def test_a_stream_that_ends_within_a_message_is_no_hang_up(house: ScriptedHouse) -> None:
    channel, stream = await in_call(house)
    await stream.first_frame()
    stream.writer.write(b"\x10\x01\x40half")
    stream.writer.write_eof()
    await house.logged("after 7 of 323 octets of a message of kind 0x10")
    await house.logged('"call_ended".*"stream_broken"|"stream_broken".*"call_ended"')
    await channel.rest()
    await stream.closed()
    assert channel.variables == {}


async def test_an_asterisk_that_does_not_answer_is_not_told_as_a_caller_who_hung_up(
    house: ScriptedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.service._agi, "_limits", AgiLimits(reply_s=0.2))
    channel = Channel(house)
    await channel.dial()
    while (command := await channel.command()) != "ANSWER":
        assert command is not None
        channel.say("200 result=1 (0312345678)\n" if "num" in command else "200 result=1 (allowed)\n")
    ended = await house.logged('"call_ended"')
    assert '"stream_broken"' in house.log.getvalue()
    assert '"hung_up"' not in house.log.getvalue()
    assert '"asterisk_did_not_answer"' in house.log.getvalue()[: ended.start()]
    assert '"command": "ANSWER"' in house.log.getvalue()
    channel.writer.close()


async def test_a_fault_of_our_program_is_an_error_and_lets_the_dialplan_apologise(
    house: ScriptedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    channel, stream = await in_call(house)
    await stream.first_frame()
    monkeypatch.setattr(CallSession, "key_frame", faulty)
    stream.press("1")
    await house.logged('"outcome": "error", "reason": "fault"')
    await stream.closed()
    await channel.rest()
    assert channel.variables == {}


async def test_a_fault_of_our_program_at_the_stores_answer_is_an_error_too(
    house: ScriptedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = CallSession.handle

    def faulty(session: CallSession, event: Event, now: float) -> None:
        if event == Stored():
            raise RuntimeError("a fault of ours")
        handle(session, event, now)

    channel, stream = await in_call(house)
    await stream.first_frame()
    monkeypatch.setattr(CallSession, "handle", faulty)
    stream.press(f"1{PASSWORD}{PASSWORD}")
    await house.logged('"outcome": "error", "reason": "fault"')
    await stream.closed()
    await channel.rest()
    assert channel.variables == {}


async def test_a_log_that_cannot_be_written_ends_no_call(house: ScriptedHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    _, stream = await in_call(house)

    def full(_line: str) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(house.log, "write", full)
        stream.press("9")
        await asyncio.sleep(0.2)
    stream.writer.close()
    await house.logged('"call_ended"')


async def test_a_taken_port_is_named_with_its_setting(house: ScriptedHouse) -> None:
    with pytest.raises(PortTaken, match=rf"{house.settings.agi_port}.*KARIPASS_AGI_PORT"):
        house.doors(HandedSockets({}))


async def test_what_a_caller_presents_and_cannot_be_read_stays_for_operators(house: ScriptedHouse) -> None:
    channel = Channel(house)
    await channel.dial(number="+15551234567")
    uuid = await channel.until_exec()
    assert uuid is not None
    stream = await Stream().open(house, uuid)
    await stream.first_frame()
    stream.writer.close()
    await channel.rest()
    await house.logged('"call_ended"')
    assert '"caller": "+15551234567"' in house.log.getvalue()
    house.recorder.close()
    (call,) = house.records.search(Query())
    assert (call.began.caller, call.reason) == ("+15551234567", "unknown")


async def test_asterisk_is_told_whom_the_call_counts_as(house: ScriptedHouse) -> None:
    channel = Channel(house)
    await channel.dial(number="+81312345678")
    assert await channel.until_exec() is not None
    assert 'SET VARIABLE "KARIPASS_CALLER" "0312345678"' in channel.asked
    channel.writer.close()
