"""The FastAGI shell: sockets and time limits around `ivr.telephony.fastagi.codec`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from ivr.telephony.errors import CutMessageError, RemoteProtocolError, TelephonyError
from ivr.telephony.fastagi.codec import (
    CODE_DEAD_CHANNEL,
    AgiConnection,
    AgiHangup,
    AgiMessage,
    AgiReply,
    AgiRequest,
)
from ivr.telephony.patience import within
from ivr.telephony.strangers import STRANGERS, Strangers

_log = structlog.get_logger(__name__)
_READ_BYTES: Final = 4096
BACKLOG: Final = 512
"""How many connections may wait to be accepted: enough for a burst of calls."""


class ChannelGone(TelephonyError):  # noqa: N818 - it is an ending, not a fault
    """The caller has hung up, or Asterisk has closed the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiLimits:
    """What a peer may take of us.

    Attributes:
        connections: how many connections that have proved who they are may be open at once; further ones are closed at
            once.
        strangers: how many other connections may be open at once.
        request_s: the time in which the whole request must come (a port scan sends nothing); a standstill of this host
            does not count, nor does it for `reply_s`.
        reply_s: the time in which a command must be answered. When Asterisk answers a call, it may wait for a name
            server that loses the question: 5 s, and once more (glibc's resolver).
    """

    connections: int = 4000
    strangers: int = STRANGERS
    request_s: float = 5.0
    reply_s: float = 30.0


class AgiChannel:
    """A channel of Asterisk that runs our commands, one at a time.

    Attributes:
        hung_up: whether the caller has gone.
        command: the last command that it was given.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: AgiLimits) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._connection = AgiConnection()
        self._request: AgiRequest | None = None
        self.hung_up = False
        self.command = ""

    @property
    def awaited(self) -> str:
        """What the peer must send next: its request, or the answer to a command."""
        return "request" if self._request is None else "answer"

    @property
    def request(self) -> AgiRequest:
        """The request with which the call started."""
        if self._request is None:
            raise RuntimeError("the request has not been read yet")
        return self._request

    async def read_request(self) -> None:
        """Wait for the request.

        Raises:
            TimeoutError: it did not come in time.
            ChannelGone: the peer closed before it sent anything.
            RemoteProtocolError: the peer does not speak AGI, or closed before the request was complete.
        """
        async with within(self._limits.request_s):
            message = await self._next()
        if not isinstance(message, AgiRequest):
            raise RemoteProtocolError("AGI: the peer started with something other than a request")
        self._request = message

    async def execute(self, name: str, *arguments: str, timeout_s: float | None = None) -> AgiReply:
        """Run a command and wait for its reply.

        Args:
            name: the command.
            arguments: its arguments, quoted here.
            timeout_s: how long the reply may take; None uses the limit of `AgiLimits`.

        Raises:
            ChannelGone: the channel is dead, or Asterisk closed the connection.
            TimeoutError: no reply came in time.
            RemoteProtocolError: the reply is not one, or the connection ended within it.
        """
        self.command = name
        self._writer.write(self._connection.command(name, *arguments))
        await self._writer.drain()
        async with within(self._limits.reply_s if timeout_s is None else timeout_s):
            while not isinstance(message := await self._next(), AgiReply):
                self.hung_up = True
        if message.code == CODE_DEAD_CHANNEL:
            self.hung_up = True
            raise ChannelGone(f"AGI: the caller hung up before {name}")
        return message

    async def get_variable(self, name: str) -> str | None:
        """Evaluate a channel variable or function; None if it is not set.

        Raises:
            As `execute`.
        """
        reply = await self.execute("GET VARIABLE", name)
        return reply.value if reply.result == "1" else None

    async def _next(self) -> AgiMessage:
        while (message := self._connection.next_message()) is None:
            try:
                data = await self._reader.read(_READ_BYTES)
            except ConnectionError:
                self._connection.end()  # if the end cut a message, that error says more
                raise
            if not data:
                self._connection.end()
                raise ChannelGone("AGI: Asterisk closed the connection")
            self._connection.feed(data)
        if isinstance(message, AgiHangup):
            self.hung_up = True
        return message


AgiHandler = Callable[[AgiChannel], Awaitable[None]]
AgiDoor = Callable[[AgiChannel], Awaitable[str | None]]


async def open_door(_channel: AgiChannel) -> None:
    """Let in every peer that sends a request."""


class FastAgiServer:
    """Accepts FastAGI connections and runs a handler for each; one bad peer disturbs no other.

    Args:
        handler: serves one channel; the connection is closed when it returns.
        limits: what a peer may take of us.
        door: returns why a peer that has sent its request may not come in, None if it may.
        refused: called for each connection that is closed because there are too many.

    Attributes:
        idle: set while there is no connection.
    """

    def __init__(
        self,
        handler: AgiHandler,
        limits: AgiLimits,
        *,
        door: AgiDoor = open_door,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        self._handler = handler
        self._door = door
        self._limits = limits
        self._refused = refused
        self._strangers = Strangers(
            "FastAGI", most=limits.strangers, made_room=refused, spare=lambda: limits.connections - self._open
        )
        self._at_the_door = Strangers("FastAGI, to be proved", most=limits.connections, made_room=refused)
        self._server: asyncio.Server | None = None
        self._open = 0
        self._connections = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def listen(self, host: str, port: int, handed: socket.socket | None = None) -> None:
        """Start to accept connections.

        Args:
            host: the address to listen on.
            port: the port to listen on; 0 for any free one.
            handed: a socket that was handed to us, to use in place of them.

        Raises:
            OSError: the address cannot be bound.
        """
        if handed is None:
            self._server = await asyncio.start_server(self._serve, host, port, backlog=BACKLOG)
        else:
            self._server = await asyncio.start_server(self._serve, sock=handed, backlog=BACKLOG)

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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        self.idle.clear()
        self._strangers.came(writer, writer.transport.abort)
        try:
            await self._serve_channel(AgiChannel(reader, writer, self._limits), writer)
        except asyncio.CancelledError:
            pass  # the process ends; a cancelled task would be reported as a fault by asyncio's streams
        except Exception:  # noqa: BLE001 - the border of a connection: other calls go on
            _log.exception("agi_handler_failed")
        finally:
            self._strangers.left(writer)
            self._at_the_door.left(writer)
            writer.close()
            self._connections -= 1
            if not self._connections:
                self.idle.set()

    async def _serve_channel(self, channel: AgiChannel, writer: asyncio.StreamWriter) -> None:
        waits_in = self._strangers
        try:
            await channel.read_request()
            self._strangers.left(writer)
            waits_in = self._at_the_door
            waits_in.came(writer, writer.transport.abort)
            reason = await self._door(channel)
        except TimeoutError:
            reason = f"no {channel.awaited} in time"
        except CutMessageError:
            reason = f"{channel.awaited} cut off"
        except (RemoteProtocolError, ChannelGone, ConnectionError):
            reason = f"no {channel.awaited}"
        if reason is not None:
            waits_in.sent_away(writer, reason)
            return
        if not waits_in.left(writer):
            return  # it made room for others at the last moment
        if self._open >= self._limits.connections:
            _log.warning("agi_refused", reason="too many connections", limit=self._limits.connections)
            self._refused()
            return
        self._open += 1
        try:
            await self._handler(channel)
        except CutMessageError as error:
            _log.warning("agi_connection_ended", reason=str(error))
        except (RemoteProtocolError, ChannelGone) as error:
            _log.info("agi_connection_ended", reason=str(error))
        except TimeoutError:
            _log.warning("agi_connection_ended", reason="the peer did not answer in time")
        except ConnectionError as error:
            _log.info("agi_connection_ended", reason=type(error).__name__)
        finally:
            self._open -= 1
