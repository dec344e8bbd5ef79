"""Our HTTP servers: uvicorn, with connections that nobody can hold idle, and logs without queries.

`EmbeddedServer` serves beside other work on a loop that already runs; `ProcessServer` is the only server of its
process.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import uvicorn
import uvloop
from starlette.types import ASGIApp

from web.connection import BoundedConnection

_BACKLOG: Final = 64


class EmbeddedServer:
    """Serves an application on the running loop, and leaves the process's signals alone.

    Args:
        app: the application.
        connections: how many there may be; if there are more, the oldest idle one is closed.
        grace_s: how long answers may take when the server closes.
    """

    def __init__(self, app: ASGIApp, *, connections: int, grace_s: int) -> None:
        config = _config(app, connections, grace_s, lifespan="off", loop="none", ws="none", timeout_keep_alive=5)
        self._server = _UnsignalledServer(config)
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that it listens on (if 0 was asked for, the one that the system chose)."""
        if self._socket is None:
            raise RuntimeError("the server does not listen yet")
        return int(self._socket.getsockname()[1])

    async def listen(self, host: str, port: int, handed: socket.socket | None = None) -> None:
        """Start to serve, on the socket that was handed to us if there is one.

        Raises:
            OSError: the address cannot be listened on.
        """
        self._socket = handed or listening_socket(host, port)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    async def close(self) -> None:
        """Stop serving; answers under way get their grace."""
        if self._serving is not None:
            self._server.should_exit = True
            await self._serving


class ProcessServer(uvicorn.Server):
    """A process's only server: ends in order at the first SIGTERM or SIGINT, and at once at the second.

    Args:
        app: the application.
        connections: how many there may be. If there are more, the oldest idle one is closed; those that are being
            answered stay, and if all are, the new one gets 503.
        grace_s: how long answers may take when the server ends.
        ready: called when the server can be reached.
        closing: awaited before connections are closed, to end answers that would never end by themselves.
        tls: makes it serve https; None for http.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        connections: int,
        grace_s: int,
        ready: Callable[[], None],
        closing: Callable[[], Awaitable[None]],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        options: dict[str, Any] = {} if tls is None else {"ssl_context_factory": lambda _config, _default: tls}
        super().__init__(_config(app, connections, grace_s, limit_concurrency=connections + 1, **options))
        self._ready = ready
        self._closing = closing

    def run_at(self, listener: socket.socket, *, hung_up: Callable[[], None] | None = None) -> None:
        """Serve on a socket until the server ends.

        Args:
            listener: the socket.
            hung_up: called at SIGHUP, which ends the process if there is nothing to call.
        """
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            if hung_up is not None:
                runner.get_loop().add_signal_handler(signal.SIGHUP, hung_up)
            runner.run(self.serve(sockets=[listener]))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, and call `ready`."""
        await super().startup(sockets=sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the server; endless answers end first."""
        await self._closing()
        await super().shutdown(sockets=sockets)
        if self.force_exit:
            # uvicorn leaves this out then: the application would be cancelled while it waits for it, and log a
            # traceback.
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal. Unlike the original, the process does not die of it at the end."""
        self.force_exit = self.should_exit
        self.should_exit = True


class _UnsignalledServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM and SIGINT to the rest of the process, which ends its other work first."""
        yield


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address.

    Raises:
        OSError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def _config(app: ASGIApp, connections: int, grace_s: int, **options: Any) -> uvicorn.Config:
    class Connection(BoundedConnection):
        most = connections

    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # its lines would hold what was searched for
        server_header=False,
        proxy_headers=False,
        http=Connection,
        timeout_graceful_shutdown=grace_s,
        **options,
    )
