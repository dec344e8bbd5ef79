"""A test call through the running Asterisk, as a caller would make it: tones in band, guidance heard back.

Asterisk is asked (over AMI) to dial the access number over SIP and to give us the caller's end as an AudioSocket. So
what we send travels as RTP, in band, through everything that a real call uses, and what the service says comes back the
same way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID, uuid4

import numpy as np

from ivr.errors import CallFailed
from ivr.exchange.configuration import LOOP_ENDPOINT, MANAGER_USER
from ivr.exchange.standalone import ami_secret
from ivr.host.settings import Settings
from ivr.lab.ear import Ear, Utterance
from ivr.lab.sender import Sender
from ivr.media.clock import TICK_S
from ivr.telephony.ami.messages import AmiEvents, send_action
from ivr.telephony.audiosocket.inbox import FrameSent
from ivr.telephony.audiosocket.server import AudioSocketConnection, AudioSocketLimits, AudioSocketServer

ANSWER_S: Final = 15.0
OUTCOME_S: Final = 5.0
TEST_CALL_HEADER: Final = "X-Karipass-Test-Call"
"""The header that names the call, for the dialplan's report of its outcome (`dialplan/karipass/extensions.conf`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The Asterisk that places the call, and the number that it dials.

    Attributes:
        ami_host: where its manager interface listens.
        ami_port: its port.
        ami_user: the manager user.
        ami_secret: the user's secret.
        access_number: the number to dial.
    """

    ami_host: str
    ami_port: int
    ami_user: str
    ami_secret: str
    access_number: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The Asterisk of an instance, and its access number."""
        return cls(
            ami_host=settings.ami_host,
            ami_port=settings.ami_port,
            ami_user=MANAGER_USER,
            ami_secret=ami_secret(settings),
            access_number=settings.access_number,
        )


async def place_call(
    origin: Origin,
    *,
    caller: str,
    withheld: bool = False,
    sender: Sender,
    dialled: Callable[[], None] = lambda: None,
    heard: Callable[[Utterance], None],
) -> str | None:
    """Place a call and see it through.

    Args:
        origin: the Asterisk.
        caller: the caller number that the call presents.
        withheld: whether the caller withholds the number.
        sender: what the caller does. Only tones reach Asterisk this way: an AudioSocket takes no key events.
        dialled: called when Asterisk has taken the call.
        heard: called with each utterance when it has ended.

    Returns:
        The outcome that the access number reports; None if it reported none.

    Raises:
        AmiError: Asterisk cannot be asked, or did not take the call.
        CallFailed: the call was not answered.
    """
    connected: asyncio.Future[AudioSocketConnection] = asyncio.get_running_loop().create_future()
    uuid = uuid4()

    def identified(which: UUID, connection: AudioSocketConnection) -> bool:
        if which != uuid or connected.done():
            return False
        connected.set_result(connection)
        return True

    server = AudioSocketServer(identified, AudioSocketLimits(connections=4))
    await server.listen("127.0.0.1", 0)
    login = (origin.ami_host, origin.ami_port, origin.ami_user, origin.ami_secret)
    # Asterisk presents the connected line on a channel that it dials out; CallerID alone cannot withhold.
    variables = {
        "CONNECTEDLINE(num)": caller,
        "CONNECTEDLINE(pres)": "prohib" if withheld else "allowed",
        f"PJSIP_HEADER(add,{TEST_CALL_HEADER})": str(uuid),
    }
    fields = {
        "Channel": f"PJSIP/{origin.access_number}@{LOOP_ENDPOINT}",
        "Application": "AudioSocket",
        "Data": f"{uuid},127.0.0.1:{server.port}",
        "Timeout": str(int(1000 * ANSWER_S)),
        "Async": "true",
    }
    try:
        async with AmiEvents(*login, "UserEvent") as events:
            await asyncio.to_thread(send_action, *login, "Originate", fields, variables)
            dialled()
            try:
                async with asyncio.timeout(ANSWER_S):
                    connection = await connected
            except TimeoutError:
                raise CallFailed(
                    f"the access number {origin.access_number} did not answer within {ANSWER_S:g} s"
                ) from None
            await _talk(connection, sender, heard)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(OUTCOME_S):
                    return await _outcome(events, uuid)
            return None
    finally:
        server.stop_listening()


async def _talk(connection: AudioSocketConnection, sender: Sender, heard: Callable[[Utterance], None]) -> None:
    """Send and hear, 20 ms at a time, until the other side ends the call."""
    loop = asyncio.get_running_loop()
    ear = Ear()
    next_tick = loop.time()
    while True:
        utterance = None
        while (taken := connection.take(loop.time())) is not None:
            if isinstance(taken, FrameSent):
                utterance = ear.feed(np.frombuffer(taken.frame, "<i2")) or utterance
        if utterance is not None:
            heard(utterance)
        if connection.ended:
            break
        sent = sender.frame(ear, utterance)
        if sent.hangs_up:
            connection.terminate()
            break
        if sent.audio is not None:
            connection.send(sent.audio.astype("<i2").tobytes())
        next_tick += TICK_S
        await asyncio.sleep(max(0.0, next_tick - loop.time()))
    last = ear.finish()
    if last is not None:
        heard(last)


async def _outcome(events: AmiEvents, uuid: UUID) -> str | None:
    while True:
        event = {name.lower(): value for name, value in (await events.next()).items()}
        if event.get("userevent") == "KaripassCall" and event.get("testcall") == str(uuid):
            return event.get("outcome")
