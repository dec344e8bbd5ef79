"""The link against a manager interface that comes, goes, refuses and misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import soundfile

from ivr.telephony.ami.channel_end import ChannelEnd
from ivr.telephony.ami.connection import AmiConnection, AmiLogin
from ivr.telephony.ami.link import AmiLink, LinkState, LinkStatus, LinkTimes
from ivr.telephony.ami.messages import AmiError
from tests.ivr.telephony.ami.ami_server import AmiPeer, Behaviour, FakeAmi, fake_ami
from tests.ivr.telephony.servers import until
from tests.repository import ROOT

SECRET = "known-to-both"
QUICK = LinkTimes(answer_s=0.5, ping_s=0.05, again_s=(0.01, 0.05), refused_again_s=(0.01, 0.05), end_s=0.2)
RTP = "ssrc=1;themssrc=2;lp=5;rxjitter=0.0;rxcount=145;txjitter=0.002;txcount=150;rlp=0;rtt=0.0;rxmes=0.0;txmes=86.5"


async def ended(end: asyncio.Future[ChannelEnd]) -> ChannelEnd:
    """Wait until it is known how a channel ended."""
    async with asyncio.timeout(10):
        return await end


async def until_status(link: AmiLink, status: LinkStatus) -> LinkState:
    await until(lambda: link.state.status is status and link.state.reason != "not connected yet")
    return link.state


@asynccontextmanager
async def linked(ami: FakeAmi, *, secret: str = SECRET, times: LinkTimes = QUICK) -> AsyncIterator[AmiLink]:
    """A running link; the end of the block leaves nothing of it."""
    link = AmiLink(AmiLogin(host="127.0.0.1", port=ami.port, user="karipass", secret=secret), times)
    stop = asyncio.Event()
    before = asyncio.all_tasks()
    running = asyncio.create_task(link.run(stop))
    try:
        yield link
        assert not running.done()
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await running
        own = {task for task in asyncio.all_tasks() - before if "_connected" not in repr(task)}
        gc.collect()
    assert own == set()


# --- state ------------------------------------------------------------------------------------------------------


async def test_a_link_that_is_up_says_which_asterisk_it_has() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        state = await until_status(link, LinkStatus.CONNECTED)
        assert (state.asterisk_version, state.asterisk_started) == ("22.10.1", "2026-11-23 17:58:34")
        assert state.reason == ""


async def test_nobody_there_is_said_with_what_to_look_at_and_tried_for_ever() -> None:
    async with fake_ami() as ami:
        await ami.stop()
        async with linked(ami) as link:
            state = await until_status(link, LinkStatus.AWAY)
            assert "KARIPASS_AMI_HOST and _PORT" in state.reason
            await ami.start()
            await until_status(link, LinkStatus.CONNECTED)


async def test_a_wrong_secret_is_said_with_its_setting_and_never_shown() -> None:
    async with fake_ami() as ami, linked(ami, secret="a-wrong-one") as link:
        state = await until_status(link, LinkStatus.REFUSED)
        assert "KARIPASS_AMI_SECRET" in state.reason
        assert "a-wrong-one" not in repr(state) + repr(link)
        since = state.since
        await until(lambda: ami.connections > 2)
        assert link.state.since == since
        ami.secret = "a-wrong-one"
        await until_status(link, LinkStatus.CONNECTED)


async def test_a_refused_login_is_not_tried_in_haste() -> None:
    patient = LinkTimes(answer_s=0.5, ping_s=0.05, again_s=(0.01, 0.05), refused_again_s=(60.0, 60.0))
    async with fake_ami() as ami, linked(ami, secret="a-wrong-one", times=patient) as link:
        await until_status(link, LinkStatus.REFUSED)
        await asyncio.sleep(0.3)
        assert ami.connections == 1


async def test_missing_rights_are_said_and_the_link_stays_up() -> None:
    async with fake_ami(forbidden={"CoreShowChannels"}) as ami, linked(ami) as link:
        state = await until_status(link, LinkStatus.CONNECTED)
        assert "CoreShowChannels" in state.reason
        assert "manager.conf" in state.reason


async def test_an_asterisk_that_was_restarted_is_found_again_and_seen_to_be_another() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        await ami.stop()
        await until_status(link, LinkStatus.AWAY)
        ami.started = ("2026-11-23", "18:00:00")
        await ami.start()
        state = await until_status(link, LinkStatus.CONNECTED)
        assert state.asterisk_started == "2026-11-23 18:00:00"


async def test_a_link_that_was_stopped_stays_closed() -> None:
    async with fake_ami() as ami:
        async with linked(ami) as link:
            await until_status(link, LinkStatus.CONNECTED)
        connections = ami.connections
        await asyncio.sleep(0.2)
        assert ami.connections == connections
        assert link.state.status is LinkStatus.AWAY


# --- hostile peers ----------------------------------------------------------------------------------------------


async def _says_nothing(peer: AmiPeer) -> None:
    await peer.closed()


async def _is_a_web_server(peer: AmiPeer) -> None:
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
    await peer.closed()


async def _sends_garbage(peer: AmiPeer) -> None:
    peer.send("\0\r\n\r\n: :\r\n\r\n" * 100)
    await peer.closed()


async def _never_ends_its_message(peer: AmiPeer) -> None:
    peer.send("Asterisk Call Manager/11.0.0\r\n")
    with contextlib.suppress(ConnectionError):
        for _ in range(1000):
            peer.send("X" * 10_000)
            await asyncio.sleep(0)
    await peer.closed()


async def _names_fields_twice(peer: AmiPeer) -> None:
    peer.send("Asterisk Call Manager/11.0.0\r\n")
    peer.send("Event: a\r\nEvent: b\r\n\r\nResponse: a\r\nResponse: b\r\nMessage: c\r\nMessage: d\r\n\r\n")
    await peer.closed()


async def _closes_at_once(peer: AmiPeer) -> None:
    return


async def _goes_half_way(peer: AmiPeer) -> None:
    peer.send("Asterisk Call Manager/11.0.0\r\n")
    await peer.action()


async def _forgets_to_answer_pings(peer: AmiPeer) -> None:
    peer.send("Asterisk Call Manager/11.0.0\r\n")
    while (action := await peer.action())["Action"] != "Ping":
        peer.answer(action)
    await peer.closed()


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (_says_nothing, "no answer to Challenge"),
        (_is_a_web_server, "KARIPASS_AMI_PORT"),
        (_sends_garbage, "is not a manager interface"),
        (_never_ends_its_message, "message of more than"),
        (_names_fields_twice, "cannot be read"),
        (_closes_at_once, "the connection"),
        (_goes_half_way, "the connection"),
        (_forgets_to_answer_pings, "no answer to Ping"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
async def test_a_peer_that_misbehaves_is_left_told_of_and_tried_again(behaviour: Behaviour, words: str) -> None:
    async with fake_ami(behaviour=behaviour) as ami, linked(ami) as link:
        await until(lambda: words in link.state.reason)
        assert link.state.status is LinkStatus.AWAY
        first = ami.connections
        await until(lambda: ami.connections > first)


async def test_events_that_make_no_sense_do_no_harm() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        peer = ami.peers[-1]
        peer.event("UserEvent", UserEvent="KaripassCall")
        peer.event("UserEvent", UserEvent="KaripassCall", Uniqueid="of-nobody", Cause="x" * 5000, Rtp="=;=;;")
        peer.send("no colon here\r\n\r\n\r\n\r\n")
        end = link.follow("1.1")
        peer.event("UserEvent", UserEvent="KaripassCall", Uniqueid="1.1", Cause="16", Rtp=RTP)
        assert (await ended(end)).cause == 16


# --- calls ------------------------------------------------------------------------------------------------------


async def test_the_end_of_a_channel_comes_with_its_cause_and_figures() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        ends = {uniqueid: link.follow(uniqueid) for uniqueid in ("1.1", "1.2")}
        ami.peers[-1].event("UserEvent", UserEvent="KaripassCall", UniqueID="1.2", Cause="16", Rtp=RTP)
        end = await ended(ends["1.2"])
        assert (end.cause, end.text) == (16, "normal clearing")
        assert end.rtp is not None
        assert end.rtp.lost == 5
        assert not ends["1.1"].done()


async def test_after_a_gap_calls_whose_channel_has_gone_are_told_and_the_others_go_on() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        gone, there = link.follow("1.1"), link.follow("1.2")
        await ami.stop()
        ami.channels = ["1.2"]
        await ami.start()
        end = await ended(gone)
        assert end.cause is None
        assert "while the AMI was away" in end.text
        await until_status(link, LinkStatus.CONNECTED)
        ami.peers[-1].event("UserEvent", UserEvent="KaripassCall", Uniqueid="1.2", Cause="16", Rtp=RTP)
        assert (await ended(there)).cause == 16


async def test_a_call_that_ends_while_the_link_is_away_is_not_waited_for() -> None:
    async with fake_ami(secret="another") as ami, linked(ami) as link:
        await until_status(link, LinkStatus.REFUSED)
        end = link.follow("1.1")
        link.let_end("1.1")
        assert end.done()
        assert "KARIPASS_AMI_SECRET" in end.result().text


async def test_a_call_that_asterisk_never_speaks_of_is_waited_for_only_so_long() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        end = link.follow("1.1")
        link.let_end("1.1")
        assert not end.done()
        assert "extensions.conf" in (await ended(end)).text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_dialplans_apology_is_waited_out(language: str) -> None:
    apology = ROOT / "prompts" / "audio" / language / "unavailable.wav"
    assert LinkTimes().end_s > 2 * soundfile.info(apology).duration


async def test_a_service_that_stops_does_not_wait_for_an_apology() -> None:
    hurried = LinkTimes(answer_s=0.5, ping_s=0.05, end_s=3600.0, stop_s=0.05)
    async with fake_ami() as ami, linked(ami, times=hurried) as link:
        await until_status(link, LinkStatus.CONNECTED)
        end = link.follow("1.1")
        link.let_end("1.1")
    assert "the service stopped" in end.result().text


async def test_a_stopped_link_leaves_nobody_waiting() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        end = link.follow("1.1")
    assert (await ended(end)).cause is None


async def test_a_link_that_is_told_to_stop_still_takes_asterisks_word_of_the_last_call() -> None:
    async with fake_ami() as ami:
        link = AmiLink(AmiLogin(host="127.0.0.1", port=ami.port, user="karipass", secret=SECRET), QUICK)
        stop = asyncio.Event()
        running = asyncio.create_task(link.run(stop))
        await until_status(link, LinkStatus.CONNECTED)
        end = link.follow("1.1")
        stop.set()
        await asyncio.sleep(0)
        ami.peers[-1].event("UserEvent", UserEvent="KaripassCall", Uniqueid="1.1", Cause="16", Rtp=RTP)
        async with asyncio.timeout(10):
            await running
        assert end.result().cause == 16


async def test_who_no_longer_waits_for_an_end_does_no_harm() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        link.follow("1.1").cancel()
        ami.peers[-1].event("UserEvent", UserEvent="KaripassCall", Uniqueid="1.1", Cause="16")
        other = link.follow("1.2")
        ami.peers[-1].event("UserEvent", UserEvent="KaripassCall", Uniqueid="1.2", Cause="16")
        assert (await ended(other)).cause == 16


async def test_other_clients_are_told_of_calls() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        link.call_began(call_id="abc", uniqueid="1.1", caller="0312345678")
        link.call_ended(call_id="abc", uniqueid="1.1", caller="0312345678", outcome="set", reason="done")
        await until(lambda: len(ami.named("UserEvent")) == 2)
        began, ended = ami.named("UserEvent")
        assert began["UserEvent"] == "KaripassCallBegan"
        assert (began["CallId"], began["UniqueID"], began["CallerNumber"]) == ("abc", "1.1", "0312345678")
        assert (ended["UserEvent"], ended["Outcome"], ended["Reason"]) == ("KaripassCallEnded", "set", "done")


async def test_a_value_cannot_smuggle_an_action_in() -> None:
    async with fake_ami() as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        link.call_began(call_id="abc\r\n\r\nAction: Originate", uniqueid="1.1", caller="0312345678")
        link.call_began(call_id="def", uniqueid="1.2", caller="0312345678")
        await until(lambda: ami.named("UserEvent"))
        assert [action["CallId"] for action in ami.named("UserEvent")] == ["def"]
        assert not ami.named("Originate")


async def test_without_the_right_to_tell_others_that_is_said() -> None:
    async with fake_ami(forbidden={"UserEvent"}) as ami, linked(ami) as link:
        await until_status(link, LinkStatus.CONNECTED)
        link.call_began(call_id="abc", uniqueid="1.1", caller="0312345678")
        await until(lambda: "UserEvent" in link.state.reason)
        assert link.state.status is LinkStatus.CONNECTED


async def test_telling_of_calls_while_the_link_is_away_is_nothing() -> None:
    async with fake_ami() as ami:
        await ami.stop()
        async with linked(ami) as link:
            link.call_began(call_id="abc", uniqueid="1.1", caller="0312345678")
            await until_status(link, LinkStatus.AWAY)
    assert ami.named("UserEvent") == []


async def test_an_action_after_the_end_says_that_the_connection_is_lost() -> None:
    async with fake_ami() as ami:
        login = AmiLogin(host="127.0.0.1", port=ami.port, user="karipass", secret=SECRET)
        connection = await AmiConnection.open(login, lambda _event: None, patience_s=1.0)
        connection.close()
        connection.close()
        with pytest.raises(AmiError):
            await connection.ask("Ping")
