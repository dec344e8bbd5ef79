"""A test call through the running Asterisk, as a caller would make it: tones in band, guidance heard back.

Asterisk is asked (AMI) to dial the access number over SIP and to give the caller's end to us as an AudioSocket; so what
we send travels as RTP, in band, through all that a real call uses, and what the service says comes back the same way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from dsp import synthesize
from ivr.ear import PAUSE_S, Ear, Utterance
from ivr.exchange_config import LOOP_ENDPOINT
from ivr.media import TICK_S
from ivr.recording import to_int16
from ivr.telephony.ami import AmiEvents, send_action
from ivr.telephony.audiosocket import FRAME_SAMPLES
from ivr.telephony.audiosocket_server import AudioSocketConnection, AudioSocketLimits, AudioSocketServer

ANSWER_S: Final = 15.0
OUTCOME_S: Final = 5.0
PATIENCE_S: Final = 4.0
"""A caller who hears nothing for this long presses on."""
_SILENCE: Final = np.zeros(FRAME_SAMPLES, np.int16)


class CallFailed(Exception):  # noqa: N818 - reads as what it says
    """The call did not come about; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the Asterisk is that places the call."""

    ami_host: str
    ami_port: int
    ami_user: str
    ami_secret: str
    access_number: str


class Recording:
    """A caller who sends these samples from the answer on (int16, 8 kHz), then silence."""

    def __init__(self, samples: NDArray[np.int16]) -> None:
        self._samples = samples
        self._position = 0

    def frame(self, _ear: Ear, _utterance: Utterance | None) -> NDArray[np.int16]:
        """The next 20 ms that the caller sends."""
        frame = self._samples[self._position : self._position + FRAME_SAMPLES]
        self._position += FRAME_SAMPLES
        return np.concatenate([frame, _SILENCE])[:FRAME_SAMPLES]


class Presser:
    """A caller who listens, and presses one group of keys after each guidance.

    Args:
        groups: the keys of each group.
        pressed: told of a group when its tones begin.
        ahead: press all groups at once instead, without listening.
        tone_s: length of a tone and of the pause after it.
    """

    def __init__(
        self,
        groups: list[str],
        *,
        pressed: Callable[[str], None],
        ahead: bool = False,
        tone_s: float = 0.1,
    ) -> None:
        self._groups = list(groups)
        self._pressed = pressed
        self._ahead = ahead
        self._tone_s = tone_s
        self._tones: NDArray[np.int16] = np.zeros(0, np.int16)
        self._waited_s = 0.0

    def frame(self, ear: Ear, utterance: Utterance | None) -> NDArray[np.int16]:
        """The next 20 ms that the caller sends, in answer to what the ear hears."""
        self._waited_s = 0.0 if ear.speaking or utterance else self._waited_s + TICK_S
        answers = utterance is not None or self._waited_s >= PATIENCE_S
        if self._groups and not len(self._tones) and (answers or (self._ahead and self._waited_s >= PAUSE_S)):
            self._press(self._groups.pop(0))
        frame, self._tones = self._tones[:FRAME_SAMPLES], self._tones[FRAME_SAMPLES:]
        return np.concatenate([frame, _SILENCE])[:FRAME_SAMPLES]

    def _press(self, keys: str) -> None:
        self._pressed(keys)
        self._waited_s = 0.0
        self._tones = to_int16(synthesize(keys, tone_s=self._tone_s, pause_s=self._tone_s))


async def place_call(
    origin: Origin,
    *,
    caller: str,
    withheld: bool = False,
    sender: Recording | Presser,
    heard: Callable[[Utterance], None],
) -> str | None:
    """Place a call and see it through.

    Args:
        origin: the Asterisk.
        caller: the caller number that the call presents.
        withheld: the caller withholds it.
        sender: what the caller sends.
        heard: told of each utterance when it has ended.

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
    # What Asterisk presents on a channel that it dials out is the connected line; CallerID alone cannot withhold.
    identity = {"CONNECTEDLINE(num)": caller, "CONNECTEDLINE(pres)": "prohib" if withheld else "allowed"}
    fields = {
        "Channel": f"PJSIP/{origin.access_number}@{LOOP_ENDPOINT}",
        "Application": "AudioSocket",
        "Data": f"{uuid},127.0.0.1:{server.port}",
        "Timeout": str(int(1000 * ANSWER_S)),
        "Async": "true",
    }
    try:
        async with AmiEvents(*login, "UserEvent") as events:
            await asyncio.to_thread(send_action, *login, "Originate", fields, identity)
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
                    return await _outcome(events, caller)
            return None
    finally:
        server.stop_listening()


async def _talk(
    connection: AudioSocketConnection, sender: Recording | Presser, heard: Callable[[Utterance], None]
) -> None:
    """Send and hear, 20 ms at a time, until the other side ends the call."""
    loop = asyncio.get_running_loop()
    ear = Ear()
    next_tick = loop.time()
    while not connection.ended or connection.frames_waiting:
        utterance = None
        while connection.frames_waiting:
            utterance = ear.feed(np.frombuffer(connection.take_frame(), "<i2")) or utterance
        if utterance is not None:
            heard(utterance)
        connection.send(sender.frame(ear, utterance).astype("<i2").tobytes())
        next_tick += TICK_S
        await asyncio.sleep(max(0.0, next_tick - loop.time()))
    last = ear.finish()
    if last is not None:
        heard(last)


async def _outcome(events: AmiEvents, caller: str) -> str | None:
    while True:
        event = {name.lower(): value for name, value in (await events.next()).items()}
        if event.get("userevent") == "KaripassCall" and event.get("callernumber") == caller:
            return event.get("outcome")
