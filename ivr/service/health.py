"""How the service is, over HTTP: `/healthz` for what restarts it, `/readyz` for what sends it calls, `/metrics`.

Served on the service's own loop, so that an answer shows that the loop turns. On loopback by default, for it has no
login: it tells numbers and states, and nothing of any caller.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ivr.service.metrics import CONTENT_TYPE, Metrics
from ivr.service.store_watch import StoreState
from ivr.telephony.ami.link import LinkState, LinkStatus
from web.connection import BoundedConnection

CLOCK_STOPPED_S: Final = 2.0
"""The media clock ticks every 20 ms; Asterisk ends a call that gets nothing for so long."""
CONNECTIONS: Final = 32
"""How many there may be. Of more the oldest makes room: a probe can always come in, and its answer takes no time."""
_STOP_S: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """What health is made of; each must answer at once.

    Attributes:
        tick_age_s: seconds since the media clock's last tick.
        listening: whether calls can come.
        languages: of which guidance is loaded.
        store: whether the store can be used.
        ami: the link to Asterisk's manager interface, without which calls go on.
        recorder_up: whether call records are being written, without which they go on, too.
        records_left_out: changes of call records that never will be.
    """

    tick_age_s: Callable[[], float]
    listening: Callable[[], bool]
    languages: Callable[[], Sequence[str]]
    store: Callable[[], StoreState]
    ami: Callable[[], LinkState]
    recorder_up: Callable[[], bool]
    records_left_out: Callable[[], int]


def health_app(probes: Probes, metrics: Metrics) -> Starlette:
    """The application."""

    async def healthz(_request: Request) -> Response:
        return _answer(_alive(probes))

    async def readyz(_request: Request) -> Response:
        return _answer(_alive(probes) | _ready(probes), notes=_notes(probes))

    async def page(_request: Request) -> Response:
        return Response(metrics.page(), headers={"content-type": CONTENT_TYPE})

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", page)])


def _alive(probes: Probes) -> dict[str, str]:
    """What is wrong, by what it is of; "" for nothing."""
    age_s = probes.tick_age_s()
    stopped = f"no tick for {age_s:.1f} s: callers hear nothing" if age_s > CLOCK_STOPPED_S else ""
    return {"media_clock": stopped}


def _ready(probes: Probes) -> dict[str, str]:
    store = probes.store()
    return {
        "listening": "" if probes.listening() else "not listening for calls: starting, or stopping",
        "guidance": "" if probes.languages() else "no guidance is loaded",
        "store": "" if store.up else store.problem or "away",
    }


def _notes(probes: Probes) -> dict[str, str]:
    """What does not keep calls away, and should be known."""
    notes = {}
    ami = probes.ami()
    if ami.status is not LinkStatus.CONNECTED or ami.reason:
        notes["ami"] = f"{ami.status.value}: {ami.reason}"
    if not probes.recorder_up():
        notes["recorder"] = "has ended: calls leave no records; the log says why, a restart mends it"
    if left_out := probes.records_left_out():
        notes["records"] = f"incomplete since the start: {left_out} changes left out; the log says why"
    return notes


def _answer(problems: dict[str, str], notes: dict[str, str] | None = None) -> Response:
    wrong = any(problems.values())
    checks = {name: problem or "ok" for name, problem in problems.items()}
    body: dict[str, object] = {"status": "unavailable" if wrong else "ok", "checks": checks}
    if notes:
        body["notes"] = notes
    return JSONResponse(body, status_code=503 if wrong else 200, headers={"cache-control": "no-store"})


class HttpServer:
    """Serves an application on the running loop, and leaves the process's signals alone.

    Args:
        app: the application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._server = _UnsignalledServer(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                loop="none",
                http=_Connection,
                ws="none",
                server_header=False,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=_STOP_S,
            )
        )
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that it listens on (where 0 was asked for, the one that was given)."""
        if self._socket is None:
            raise RuntimeError("the server does not listen yet")
        return int(self._socket.getsockname()[1])

    async def listen(self, host: str, port: int, handed: socket.socket | None = None) -> None:
        """Begin to serve, at a socket that was handed to us if there is one.

        Raises:
            OSError: the address cannot be listened on.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = handed or socket.create_server((host, port), family=family)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    async def close(self) -> None:
        """Stop serving; answers under way get a second."""
        if self._serving is not None:
            self._server.should_exit = True
            await self._serving


class _Connection(BoundedConnection):
    most = CONNECTIONS


class _UnsignalledServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT are the service's: calls end first."""
        yield
