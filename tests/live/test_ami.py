"""The link to a real Asterisk's manager interface: how real calls ended, and what happens when Asterisk goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr.exchange.configuration import MANAGER_USER
from ivr.telephony.ami.channel_end import ChannelEnd, RtpFigures
from ivr.telephony.ami.connection import AmiLogin
from ivr.telephony.ami.link import AmiLink, LinkState, LinkStatus, LinkTimes
from ivr.telephony.ami.messages import AmiEvents
from tests.live.callers.media import BadLine
from tests.live.callers.phone import Call, Caller
from tests.live.house import House

CALLER = Caller(number="0312345678", asserted="sip:0312345678@carrier.example")
STRANGER = Caller(number="0399999999", asserted="sip:0399999999@carrier.example")
TIMES = LinkTimes(ping_s=0.5, again_s=(0.1, 0.5), refused_again_s=(0.5, 0.5))


@asynccontextmanager
async def linked(house: House, secret: str | None = None) -> AsyncIterator[AmiLink]:
    secret = secret or house.ami_secret
    link = AmiLink(AmiLogin(host="127.0.0.1", port=house.ports["ami_port"], user=MANAGER_USER, secret=secret), TIMES)
    stop = asyncio.Event()
    running = asyncio.create_task(link.run(stop))
    yield link
    stop.set()
    await running


async def until_status(link: AmiLink, status: LinkStatus) -> LinkState:
    async with asyncio.timeout(30):
        while link.state.status is not status or link.state.reason == "not connected yet":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return link.state


async def channels_of(house: House, *, some: bool) -> str:
    """The channels of the exchange, as soon as there are some, or none."""
    async with asyncio.timeout(30):
        while True:
            channels = await asyncio.to_thread(house.exchange.command, "core show channels concise")
            if ("!" in channels) == some:
                return channels
            await asyncio.sleep(0.05)


async def channel_of(house: House) -> str:
    """The `Uniqueid` of the only channel."""
    return (await channels_of(house, some=True)).split()[-1].split("!")[-1]


async def end_of_call(house: House, caller: Caller, *, hang_up_after_s: float | None, loss: float = 0.0) -> ChannelEnd:
    async with linked(house) as link:
        state = await until_status(link, LinkStatus.CONNECTED)
        assert state.reason == ""
        await channels_of(house, some=False)  # the one of the test before may still be ending
        call: Call = await asyncio.to_thread(
            lambda: house.trunk.start(caller, hang_up_after_s=hang_up_after_s, line=BadLine(loss=loss, seed=7))
        )
        end = link.follow(await channel_of(house))
        async with asyncio.timeout(30):
            known = await end
        await asyncio.to_thread(call.wait)
    return known


def figures(end: ChannelEnd) -> RtpFigures:
    assert end.rtp is not None
    return end.rtp


async def test_a_short_call_over_a_clean_line_has_figures_and_lost_nothing(house: House) -> None:
    end = await end_of_call(house, CALLER, hang_up_after_s=3.0)
    rtp = figures(end)
    assert rtp.lost == 0
    assert rtp.received > 100
    assert rtp.jitter_ms is not None
    assert end.text == "no cause given"  # a SIP phone that hangs up gives none


async def test_a_line_that_loses_packets_is_seen_to_lose_them(house: House) -> None:
    end = await end_of_call(house, CALLER, hang_up_after_s=8.0, loss=0.05)
    rtp = figures(end)
    assert rtp.lost_percent is not None
    assert 2.0 < rtp.lost_percent < 9.0


async def test_a_call_that_the_access_number_ends_was_cleared_normally(house: House) -> None:
    end = await end_of_call(house, STRANGER, hang_up_after_s=None)
    assert (end.cause, end.text) == (16, "normal clearing")


async def test_a_wrong_secret_is_refused_and_said(house: House) -> None:
    async with linked(house, "not-the-secret") as link:
        state = await until_status(link, LinkStatus.REFUSED)
        assert "KARIPASS_AMI_SECRET" in state.reason


async def test_other_clients_hear_of_calls_from_the_link_and_from_the_dialplan(house: House) -> None:
    async with (
        linked(house) as link,
        AmiEvents("127.0.0.1", house.ports["ami_port"], MANAGER_USER, house.ami_secret, "UserEvent") as events,
    ):
        await until_status(link, LinkStatus.CONNECTED)
        link.call_ended(call_id="abc", uniqueid="1.1", caller="0312345678", outcome="set", reason="done")
        async with asyncio.timeout(10):
            event = {name.lower(): value for name, value in (await events.next()).items()}
    assert (event["userevent"], event["callid"], event["outcome"]) == ("KaripassCallEnded", "abc", "set")


@pytest.fixture
def bare_house(tmp_path: Path) -> House:
    """An exchange of the test's own, without a service, because the test restarts it."""
    return House(tmp_path, service=False)


async def test_a_restart_of_asterisk_is_seen_and_survived(bare_house: House) -> None:
    await asyncio.to_thread(bare_house.__enter__)
    try:
        async with linked(bare_house) as link:
            first = await until_status(link, LinkStatus.CONNECTED)
            assert first.asterisk_version.startswith("22.")
            call = await asyncio.to_thread(lambda: bare_house.trunk.start(CALLER, hang_up_after_s=20.0))
            end = link.follow(await channel_of(bare_house))
            await asyncio.to_thread(bare_house.exchange.stop)
            away = await until_status(link, LinkStatus.AWAY)
            assert "AMI at 127.0.0.1" in away.reason
            await asyncio.to_thread(bare_house.exchange.start)
            second = await until_status(link, LinkStatus.CONNECTED)
            assert second.asterisk_started != first.asterisk_started
            async with asyncio.timeout(10):
                assert (await end).cause in (None, 0)
            call.close()
    finally:
        await asyncio.to_thread(bare_house.__exit__, None, None, None)
