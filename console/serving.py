"""Serves the console over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from console.app import create_app
from console.config import ConsoleConfig
from ivr.errors import PortTaken
from web.server import ProcessServer, listening_socket

CONNECTIONS: Final = 256
_GRACE_S: Final = 2


def serve_console(config: ConsoleConfig, *, host: str, port: int, ready: Callable[[], None] = lambda: None) -> None:
    """Serve the console until SIGTERM or SIGINT.

    Args:
        config: what it works with.
        host, port: where to listen.
        ready: called when the console can be reached.

    Raises:
        PortTaken: the port is in use.
    """
    server = make_server(config, ready)
    try:
        listener = listening_socket(host, port)
    except OSError as error:
        raise PortTaken(
            f"{host}:{port} cannot be listened on ({error.strerror}): change KARIPASS_CONSOLE_PORT (or _HOST)"
        ) from None
    with listener:
        server.run_at(listener)


def make_server(config: ConsoleConfig, ready: Callable[[], None] = lambda: None) -> ProcessServer:
    """Return the console's server; its method `serve(sockets=...)` runs it.

    Args:
        config: what the console works with.
        ready: called when the console can be reached.
    """
    app = create_app(config)
    return ProcessServer(app, connections=CONNECTIONS, grace_s=_GRACE_S, ready=ready, closing=app.state.live.close)
