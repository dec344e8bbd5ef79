"""A service, and a scripted Asterisk that brings it calls."""

from __future__ import annotations

import asyncio
import io
import os
import re
import socket
from datetime import timedelta
from uuid import UUID

from credentials.model import LoginVerdict
from credentials.store import CredentialStore
from ivr.call.guidance import Guidance
from ivr.host.handed_sockets import HandedSockets
from ivr.host.settings import Settings
from ivr.records import CallReader, CallWriter, Recorder, open_records
from ivr.service.doors import Doors, open_agi_door, open_audio_door
from ivr.service.places import Places
from ivr.service.service import Service
from ivr.service.store_events import probe
from ivr.service.store_threads import StoreThreads
from ivr.service.stores import ADMISSION_S
from ivr.service.watching.audit_heads import AuditHeads
from ivr.service.watching.monitoring import Monitoring
from ivr.service.watching.turned_away import TurnedAway
from ivr.telephony.audiosocket.codec import message
from prompts import Catalogue
from tests.ivr.telephony.fastagi.agi_asterisk import proof

SECRET = "known-to-the-dialplan"
UNIQUE_ID = "1764460800.1"
CONTRACT = "0312345678"
PASSWORD = "24681357"


class OwnPlaces:
    """The places of a host, for a service that runs alone (`ivr.service.places.CallPlaces`)."""

    def __init__(self, settings: Settings) -> None:
        self.all = Places(settings.calls, settings.calls_of_a_number)

    async def take(self, number: str) -> TurnedAway | None:
        return self.all.take(1, number)

    def give_back(self, number: str) -> None:
        self.all.give_back(1, number)


class ScriptedHouse:
    """A running service, its store and its log."""

    def __init__(self, settings: Settings, store: CredentialStore, catalogue: Catalogue) -> None:
        self.settings = settings
        self.store = store
        self.log = io.StringIO()
        self.stop = asyncio.Event()
        self.serving = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []
        self.database = open_records(f"sqlite:///{settings.state_dir / 'records.db'}")
        writer = CallWriter(self.database, service_id="service", host=socket.gethostname(), pid=os.getpid())
        self.recorder = Recorder(writer, keep=timedelta(days=1))
        self.records = CallReader(self.database)
        self.catalogue = catalogue
        self.places = OwnPlaces(settings)
        self.hand_over = asyncio.Event()
        self.service = self.another_service()

    def another_service(self) -> Service:
        monitoring = Monitoring(self.settings, "ami-secret", lambda: probe(self.store), self.recorder, AuditHeads())
        guidance = Guidance({"ja": self.catalogue}, "ja")
        stores = StoreThreads(self.store, patience_s=ADMISSION_S)
        return Service(self.settings, stores, guidance, SECRET, self.recorder, monitoring, self.places)

    def doors(self, handed: HandedSockets) -> Doors:
        return Doors(open_agi_door(self.settings, handed), open_audio_door(self.settings, handed))

    async def serve(self) -> None:
        await self.service.run(self.doors(HandedSockets({})), self.stop, self.hand_over, self.serving.set)

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.writers.append(writer)
        return reader, writer

    def verdict(self) -> LoginVerdict:
        return self.store.log_in(CONTRACT, PASSWORD, session_id="test").verdict

    async def logged(self, pattern: str) -> re.Match[str]:
        async with asyncio.timeout(10):
            while not (found := re.search(pattern, self.log.getvalue())):  # noqa: ASYNC110 - what the log says
                await asyncio.sleep(0.005)
        return found


class Channel:
    """One channel of the scripted Asterisk."""

    def __init__(self, house: ScriptedHouse) -> None:
        self._house = house
        self.variables: dict[str, str] = {}
        self.asked: list[str] = []

    async def dial(self, *, secret: str = SECRET, number: str = CONTRACT, script: str = "access") -> None:
        self._number = number
        self.reader, self.writer = await self._house.connect(self._house.settings.agi_port)
        self.say(f"agi_network: yes\nagi_network_script: {script}\nagi_uniqueid: {UNIQUE_ID}\n\n")
        question = await self.command()
        assert question is not None
        self.say(f"200 result=1 ({proof(question, UNIQUE_ID, secret)})\n")

    def say(self, text: str) -> None:
        self.writer.write(text.encode())

    async def command(self) -> str | None:
        async with asyncio.timeout(10):
            return (await self.reader.readline()).decode().strip() or None

    async def until_exec(self) -> UUID | None:
        """Answer the service's questions until it asks for AudioSocket; None if it closes before."""
        while (command := await self.command()) is not None:
            self.asked.append(command)
            if command.startswith("EXEC"):
                return UUID(command.split('"')[3].split(",")[0])
            value = self._number if "num" in command else "allowed_passed_screen"
            self.say("200 result=0\n" if command == "ANSWER" else f"200 result=1 ({value})\n")
        return None

    async def rest(self) -> None:
        """End the EXEC and take the variables that the service sets in the channel."""
        self.say("200 result=0\n")
        while (command := await self.command()) is not None:
            _, name, _, value, _ = command.split('"')
            self.variables[name] = value
            self.say("200 result=1\n")
        self.writer.close()


class Stream:
    """One AudioSocket connection of the scripted Asterisk."""

    async def open(self, house: ScriptedHouse, uuid: UUID) -> Stream:
        self.reader, self.writer = await house.connect(house.settings.audiosocket_port)
        self.writer.write(message(0x01, uuid.bytes))
        return self

    async def first_frame(self) -> None:
        """Wait until the media clock serves the call."""
        async with asyncio.timeout(10):
            await self.reader.readexactly(323)

    def press(self, keys: str) -> None:
        for key in keys:
            self.writer.write(message(0x03, key.encode()))

    async def closed(self) -> None:
        async with asyncio.timeout(60):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                pass
        self.writer.close()


async def in_call(house: ScriptedHouse) -> tuple[Channel, Stream]:
    channel = Channel(house)
    await channel.dial()
    uuid = await channel.until_exec()
    assert uuid is not None
    return channel, await Stream().open(house, uuid)
