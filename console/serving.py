"""The console's server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn
import uvloop

from console.app import create_app
from console.config import ConsoleConfig
from console.live.view import LiveView
from ivr.errors import PortTaken
from web.connection import BoundedConnection

CONNECTIONS: Final = 256
"""How many there may be. Of more the oldest idle one makes room; those that are being answered stay."""
_GRACE_S: Final = 2
_BACKLOG: Final = 64


def serve_console(config: ConsoleConfig, *, host: str, port: int, ready: Callable[[], None] = lambda: None) -> None:
    """Serve the console until SIGTERM or SIGINT.

    Args:
        config: what it works with.
        host, port: where to listen.
        ready: called when it can be reached.

    Raises:
        PortTaken: the port is in use.
    """
    server = make_server(config, ready)
    with _listen(host, port) as listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets=[listener]))


def make_server(config: ConsoleConfig, ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """The console's server; `serve(sockets=...)` runs it.

    Args:
        config: what the console works with.
        ready: called when it can be reached.
    """
    app = create_app(config)
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # its lines would hold what was searched for
            server_header=False,
            proxy_headers=False,
            http=_Connection,
            limit_concurrency=CONNECTIONS + 1,  # reached only if all are being answered: then one is told 503
            timeout_graceful_shutdown=_GRACE_S,
        ),
        app.state.live,
        ready,
    )


class _Connection(BoundedConnection):
    most = CONNECTIONS


class _Server(uvicorn.Server):
    """Ends in order when it is told to, and at once when told twice."""

    def __init__(self, config: uvicorn.Config, live: LiveView, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._live = live
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets=sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let those who watch go first: they would stay for ever."""
        await self._live.close()
        await super().shutdown(sockets=sockets)
        if self.force_exit:
            # Left out by uvicorn then: the application would be cancelled where it waits for this, and log a traceback.
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal; unlike the original, without dying of it in the end."""
        self.force_exit = self.should_exit
        self.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise PortTaken(
            f"{host}:{port} cannot be listened on ({error.strerror}): change KARIPASS_CONSOLE_PORT (or _HOST)"
        ) from None
