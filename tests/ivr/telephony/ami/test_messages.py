"""The short uses of the manager interface if there is none, or one that does not let us in."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import pytest

from ivr.telephony.ami import messages
from ivr.telephony.ami.connection import AmiConnection, AmiLogin
from ivr.telephony.ami.messages import AmiError, AmiEvents
from tests.ivr.telephony.ami.ami_server import AmiPeer, FakeAmi, fake_ami


def events_at(port: int, secret: str = FakeAmi.secret) -> AmiEvents:
    return AmiEvents("127.0.0.1", port, "karipass", secret, "UserEvent")


async def refusal(port: int, secret: str = FakeAmi.secret) -> str:
    with pytest.raises(AmiError) as error:
        async with events_at(port, secret):
            pass
    return str(error.value)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error must come before the end of patience."""
    monkeypatch.setattr(messages, "LOGIN_S", 3600.0)


@pytest.mark.usefixtures("at_once")
async def test_an_asterisk_that_is_away_is_told_at_once_and_the_library_says_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as nobody, caplog.at_level(logging.DEBUG, logger="panoramisk"):
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        port = nobody.getsockname()[1]
        told = await refusal(port)
    assert told.startswith(f"AMI at 127.0.0.1:{port} cannot be reached (Connection refused): is Asterisk up")
    assert "KARIPASS_AMI_PORT" in told
    assert "KARIPASS_AMI_SECRET" not in told
    assert [record.message for record in caplog.records if record.name.startswith("panoramisk")] == []


@pytest.mark.usefixtures("at_once")
async def test_a_wrong_secret_is_told_at_once_with_its_setting() -> None:
    async with fake_ami() as server:
        told = await refusal(server.port, "another")
        assert f"127.0.0.1:{server.port} refused the user karipass: KARIPASS_AMI_SECRET must be" in told
        assert "another" not in told
        assert "KARIPASS_AMI_PORT" not in told


@pytest.mark.usefixtures("at_once")
async def test_another_service_that_hangs_up_is_told_at_once() -> None:
    async def another(peer: AmiPeer) -> None:
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")

    async with fake_ami(behaviour=another) as server:
        assert "closed the connection: is KARIPASS_AMI_PORT that of another service?" in await refusal(server.port)


async def test_another_service_that_says_nothing_is_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LOGIN_S", 0.2)
    async with fake_ami(behaviour=AmiPeer.closed) as server:
        assert "gave no answer within 0.2 s: is KARIPASS_AMI_PORT that" in await refusal(server.port)


async def test_a_try_that_failed_is_not_repeated_behind_our_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_ami() as server:
        events = events_at(server.port, "another")
        monkeypatch.setattr(events._manager, "reconnect_timeout", 0)
        with pytest.raises(AmiError):
            await events.__aenter__()
        async with asyncio.timeout(10):
            while server._tasks:  # noqa: ASYNC110
                await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        assert server.connections == 1


async def test_events_of_the_name_come_after_the_login(caplog: pytest.LogCaptureFixture) -> None:
    async with fake_ami() as server, events_at(server.port) as events:
        server.peers[0].event("Newchannel", Channel="x")
        server.peers[0].event("UserEvent", UserEvent="KaripassCall", Outcome="set")
        async with asyncio.timeout(10):
            event = {name.lower(): value for name, value in (await events.next()).items()}
    assert (event["userevent"], event["outcome"]) == ("KaripassCall", "set")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # asterisk-ami leaves a socket open
def test_an_action_with_nobody_there_is_told_alike() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(AmiError, match=r"cannot be reached \(Connection refused\): is Asterisk up"):
            messages.send_action("127.0.0.1", nobody.getsockname()[1], "karipass", "x", "Originate", {}, {})


async def by_the_service(server: FakeAmi) -> None:
    login = AmiLogin(host="127.0.0.1", port=server.port, user="karipass", secret=server.secret)
    async with await AmiConnection.open(login, lambda _event: None, patience_s=5.0):
        pass


async def by_events(server: FakeAmi) -> None:
    async with events_at(server.port):
        pass


@pytest.mark.parametrize("log_in", [by_the_service, by_events])
async def test_whoever_listens_on_the_port_learns_no_secret(log_in: Callable[[FakeAmi], Awaitable[None]]) -> None:
    async with fake_ami() as server:
        await log_in(server)
    assert [action["Action"] for action in server.actions][:2] == ["Challenge", "Login"]
    assert not any(server.secret in value for action in server.actions for value in action.values())
