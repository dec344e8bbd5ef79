"""Runs the mailbox: SMTP and HTTP on one event loop, on loopback only."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from mail.mailbox import pages
from mail.mailbox.box import Box
from mail.mailbox.receiver import receive
from web.guard import Guard
from web.server import ProcessServer, listening_socket

HOST: Final = "127.0.0.1"
"""Mails hold codes and links: nobody outside of this machine is to read them."""
_NAMES: Final = frozenset({"localhost", HOST})
_CONNECTIONS: Final = 64
_GRACE_S: Final = 1


def run_mailbox(*, port: int, smtp_port: int, ready: Callable[[], None] = lambda: None) -> None:
    """Receive and show mails until SIGTERM or SIGINT.

    Args:
        port: where browsers see them.
        smtp_port: where mails come in.
        ready: called when both can be reached.

    Raises:
        OSError: a port cannot be listened on.
    """
    with listening_socket(HOST, port) as listener, listening_socket(HOST, smtp_port) as smtp_listener:
        make_mailbox(smtp_listener, ready).run_at(listener)


def make_mailbox(smtp_listener: socket.socket, ready: Callable[[], None] = lambda: None) -> ProcessServer:
    """Return the mailbox's server; its method `serve(sockets=...)` runs it.

    Args:
        smtp_listener: where mails come in.
        ready: called when the mailbox can be reached.
    """

    async def nothing() -> None:
        pass

    app = _create_app(smtp_listener)
    return ProcessServer(app, connections=_CONNECTIONS, grace_s=_GRACE_S, ready=ready, closing=nothing)


def _create_app(smtp_listener: socket.socket) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        receiving = await receive(app.state.box, smtp_listener)
        try:
            yield
        finally:
            receiving.close()

    app = Starlette(
        routes=[
            Route("/", pages.show_all, methods=["GET"]),
            Route("/mails/{number:int}", pages.show_one, methods=["GET"]),
            Route("/came.json", pages.how_many, methods=["GET"]),
            Route("/mails.json", pages.as_json, methods=["GET"]),
            Mount("/static", pages.static_files()),
        ],
        middleware=[Middleware(Guard, hosts=_NAMES, setting="no setting: the mailbox is for this machine alone")],
        lifespan=lifespan,
    )
    app.state.box = Box()
    host, port = smtp_listener.getsockname()[:2]
    app.state.smtp_address = f"{host}:{port}"
    return app
