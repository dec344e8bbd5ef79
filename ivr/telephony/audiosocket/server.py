"""The AudioSocket shell: sockets and limits around `ivr.telephony.audiosocket.codec`.

A connection collects what the caller sends until the media clock takes it, 20 ms at a time, and writes what the clock
hands it. It never waits for anything.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import structlog

from ivr.telephony.audiosocket.arrivals import BEAT_S
from ivr.telephony.audiosocket.codec import (
    TERMINATE,
    Audio,
    AudioSocketParser,
    CallId,
    KeyFrame,
    PeerError,
    Terminate,
    audio_message,
)
from ivr.telephony.audiosocket.inbox import Inbox, Taken
from ivr.telephony.audiosocket.outbox import Outbox
from ivr.telephony.audiosocket.pace import Pace
from ivr.telephony.errors import CutMessageError, RemoteProtocolError
from ivr.telephony.fastagi.server import BACKLOG
from ivr.telephony.patience import Patience
from ivr.telephony.strangers import STRANGERS, Strangers

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSocketLimits:
    """What a peer may take of us.

    Attributes:
        connections: how many connections of calls may be open at once; further ones are closed at once.
        strangers: how many other connections may be open at once.
        identify_s: the time in which the call's UUID must come (a port scan sends nothing); a standstill of this host
            does not count.
    """

    connections: int = 4000
    strangers: int = STRANGERS
    identify_s: float = 5.0


class AudioSocketConnection(asyncio.Protocol):
    """One AudioSocket connection.

    Attributes:
        ended: the peer has closed, or was closed because it broke the protocol.
        broken: why we closed the connection, or that its end cut a message; None if neither happened.
    """

    def __init__(self, server: AudioSocketServer) -> None:
        self._server = server
        self._parser = AudioSocketParser()
        self._time = asyncio.get_running_loop().time
        self._transport: asyncio.Transport | None = None
        self._patience: Patience | None = None
        self._inbox = Inbox()
        self._pace = Pace()
        self._outbox = Outbox()
        self.ended = False
        self.broken: str | None = None

    # --- for the media clock --------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many frames and keys that the caller sent were not taken yet."""
        return self._inbox.waiting

    def take_lone_frame(self, now: float) -> bytes | None:
        """Take the frame that waits, if it alone does and nothing is to be said of it; else None, and see `take`."""
        return self._inbox.take_lone_frame(now)

    def take(self, now: float) -> Taken | None:
        """Take the oldest frame or key that the caller sent, if it is ready at `now` of the loop's clock."""
        return self._inbox.take(now)

    def send(self, frame: bytes) -> None:
        """Send 20 ms of guidance or silence, unless the peer has too much to read already."""
        transport = self._transport
        if transport is None or self.ended:
            return
        if self._outbox.admits(transport.get_write_buffer_size()):
            transport.write(audio_message(frame))
        elif self._outbox.stuck:
            self._break("the peer does not read")

    def terminate(self) -> None:
        """Tell Asterisk that the stream is over, and close."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(TERMINATE)
            self._transport.close()
        self.ended = True

    # --- asyncio.Protocol -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the time in which the UUID must come."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods, not by its class
        self._server.strangers.came(self, self._abort)
        self._patience = Patience(self._server.limits.identify_s, self._not_identified)

    def data_received(self, data: bytes) -> None:
        """Collect the bytes that came."""
        if self.ended:
            return
        now = self._time()
        frame = self._parser.whole_frame(data)
        if frame is None:
            too_fast = self._pace.too_fast(self._put(data, now), now)
        else:
            self._inbox.put_frame(frame, now)
            too_fast = self._pace.too_much(BEAT_S, now)
        if too_fast and not self.ended:
            self._break("audio comes faster than it is spoken")

    def _put(self, data: bytes, now: float) -> list[Audio | KeyFrame]:
        """Put what came into the inbox; returns it."""
        self._parser.feed(data)
        sent: list[Audio | KeyFrame] = []
        try:
            while not self.ended and (message := self._parser.next_message()) is not None:
                match message:
                    case Audio() | KeyFrame():
                        sent.append(message)
                    case CallId(uuid):
                        self._identify(uuid)
                    case Terminate():
                        self.terminate()
                    case PeerError(code):
                        self._break(f"Asterisk reports error {code}")
        except RemoteProtocolError as error:
            self._break(str(error))
        self._inbox.put(sent, now)
        return sent

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the connection's end. A hang-up ends it between messages; a message that was cut is a fault."""
        if not self.ended:
            self._check_end()
        self.ended = True
        self._inbox.close()
        if self._patience is not None:
            self._patience.cancel()
        self._server.closed(self)

    def _check_end(self) -> None:
        try:
            self._parser.end()
        except CutMessageError as error:
            self._break(str(error))

    def _identify(self, uuid: UUID) -> None:
        if self._patience is not None:
            self._patience.cancel()
        if not self._server.has_room():
            self._break("too many connections")
        elif self._server.identified(uuid, self):
            self._server.opened(self)
        else:
            self._break("no call of ours has this UUID")

    def _not_identified(self) -> None:
        self._break(f"no UUID within {self._server.limits.identify_s:g} s")

    def _break(self, reason: str) -> None:
        self.broken = reason
        if self._server.is_open(self):
            _log.warning("audiosocket_closed", reason=reason)
            self._abort()
        else:
            self._server.strangers.sent_away(self, reason)

    def _abort(self) -> None:
        self.ended = True
        if self._transport is not None:
            self._transport.abort()


class AudioSocketServer:
    """Accepts AudioSocket connections.

    Args:
        identified: called with a connection's UUID; returns False if no call waits for it (the connection is then
            closed).
        limits: what a peer may take of us.
    """

    def __init__(self, identified: Callable[[UUID, AudioSocketConnection], bool], limits: AudioSocketLimits) -> None:
        self.identified = identified
        self.limits = limits
        self._open: set[AudioSocketConnection] = set()
        self.strangers = Strangers(
            "AudioSocket", most=limits.strangers, spare=lambda: limits.connections - len(self._open)
        )
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int, handed: socket.socket | None = None) -> None:
        """Start to accept connections.

        Args:
            host: the address to listen on.
            port: the port to listen on; 0 for any free one.
            handed: a socket that was handed to us, to use in place of them.

        Raises:
            OSError: the address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        if handed is None:
            self._server = await loop.create_server(self._connection, host, port, backlog=BACKLOG)
        else:
            self._server = await loop.create_server(self._connection, sock=handed, backlog=BACKLOG)

    def _connection(self) -> AudioSocketConnection:
        return AudioSocketConnection(self)

    @property
    def port(self) -> int:
        """The port that the server listens on (if 0 was asked for, the one that was given)."""
        if self._server is None:
            raise RuntimeError("the server does not listen yet")
        return int(self._server.sockets[0].getsockname()[1])

    def stop_listening(self) -> None:
        """Accept no more connections; open ones go on."""
        if self._server is not None:
            self._server.close()

    def has_room(self) -> bool:
        """Whether one more call can have its connection."""
        return len(self._open) < self.limits.connections

    def is_open(self, connection: AudioSocketConnection) -> bool:
        """Whether a connection belongs to a call."""
        return connection in self._open

    def opened(self, connection: AudioSocketConnection) -> None:
        """Count a connection as a call's."""
        self.strangers.left(connection)
        self._open.add(connection)

    def closed(self, connection: AudioSocketConnection) -> None:
        """Forget a connection that has ended."""
        self.strangers.left(connection)
        self._open.discard(connection)
