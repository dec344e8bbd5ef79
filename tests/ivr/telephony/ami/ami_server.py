"""A scripted manager interface on a real socket: it behaves, or misbehaves, as a test wants it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import md5

Fields = dict[str, str]
Behaviour = Callable[["AmiPeer"], Awaitable[None]]

GREETING = "Asterisk Call Manager/11.0.0\r\n"
CHALLENGE = "840415273"
STARTED = ("2026-11-23", "17:58:34")


class AmiPeer:
    """The server's end of one connection."""

    def __init__(self, server: FakeAmi, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self._reader = reader
        self._writer = writer

    def send(self, text: str) -> None:
        self._writer.write(text.encode())

    def message(self, **fields: str) -> None:
        self.send("".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n")

    def event(self, name: str, **fields: str) -> None:
        self.message(Event=name, **fields)

    async def action(self) -> Fields:
        """Read the next action; raises `IncompleteReadError` when the client has gone."""
        text = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in text.strip().split("\r\n"))
        self.server.actions.append(fields)
        return fields

    async def serve(self) -> None:
        """Answer as Asterisk does, until the client goes."""
        self.send(GREETING)
        while True:
            self.answer(await self.action())

    def answer(self, action: Fields) -> None:
        reply = {"ActionID": action["ActionID"]}
        match action["Action"]:
            case "Challenge":
                self.message(Response="Success", Challenge=CHALLENGE, **reply)
            case "Login" if action.get("Key") != self.server.proof:
                self.message(Response="Error", Message="Authentication failed", **reply)
            case name if name in self.server.forbidden:
                self.message(Response="Error", Message="Permission denied", **reply)
            case "CoreSettings":
                self.message(Response="Success", AsteriskVersion="22.10.1+dfsg", **reply)
            case "CoreStatus":
                day, time = self.server.started
                self.message(Response="Success", CoreStartupDate=day, CoreStartupTime=time, **reply)
            case "CoreShowChannels":
                self.message(Response="Success", EventList="start", Message="Channels will follow", **reply)
                for uniqueid in self.server.channels:
                    self.event("CoreShowChannel", Uniqueid=uniqueid, **reply)
                self.event("CoreShowChannelsComplete", EventList="Complete", **reply)
            case _:
                self.message(Response="Success", Message="Done", **reply)

    async def closed(self) -> None:
        """Wait until the client goes."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(65536):
                pass


async def well_behaved(peer: AmiPeer) -> None:
    await peer.serve()


@dataclass
class FakeAmi:
    """A listening manager interface; `behaviour` decides what its next connections get."""

    secret: str = "known-to-both"
    behaviour: Behaviour = well_behaved
    forbidden: set[str] = field(default_factory=set)
    channels: list[str] = field(default_factory=list)
    started: tuple[str, str] = STARTED
    actions: list[Fields] = field(default_factory=list)
    peers: list[AmiPeer] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, and cut every connection."""
        if self._server is not None:
            self._server.close()
        self._server = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def proof(self) -> str:
        """The answer to the challenge by a client that knows the secret."""
        return md5(f"{CHALLENGE}{self.secret}".encode(), usedforsecurity=False).hexdigest()

    def named(self, name: str) -> list[Fields]:
        return [action for action in self.actions if action["Action"] == name]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        peer = AmiPeer(self, reader, writer)
        self.peers.append(peer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await self.behaviour(peer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()


@asynccontextmanager
async def fake_ami(**options: object) -> AsyncIterator[FakeAmi]:
    ami = FakeAmi(**options)  # type: ignore[arg-type]
    await ami.start()
    try:
        yield ami
    finally:
        await ami.stop()
