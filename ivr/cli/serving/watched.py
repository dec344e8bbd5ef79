"""Health and metrics of a process whose own work is no HTTP: `ivr notice serve` and `ivr mail`.

They are served by a thread of their own. If the port cannot be had, the process does its work all the same: mails
matter more than their figures.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from socket import socket
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.host.ports import Port
from ivr.service.watching.metrics import CONTENT_TYPE
from web.server import EmbeddedServer, listening_socket

_CONNECTIONS: Final = 32
_GRACE_S: Final = 1
_NO_STORE: Final = {"cache-control": "no-store"}

_log = structlog.get_logger(__name__)


@contextmanager
def watched(port: Port, metrics: Callable[[], bytes], problems: Callable[[], Mapping[str, str]]) -> Iterator[None]:
    """Serve `/metrics` and `/healthz` for as long as the block runs.

    Args:
        port: where.
        metrics: writes the metrics; may block.
        problems: names what is wrong with each part, "" if nothing is; may block.
    """
    try:
        listener = listening_socket(port.host, port.port)
    except OSError as error:
        _log.warning(
            "metrics_not_served",
            address=f"{port.host}:{port.port}",
            reason=error.strerror,
            remedy=f"set {port.setting}: each process of a host needs a port of its own",
        )
        yield
        return
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    serving = _serve(_app(metrics, problems), listener, over)
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,), name="metrics")
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def _app(metrics: Callable[[], bytes], problems: Callable[[], Mapping[str, str]]) -> Starlette:
    async def page(_request: Request) -> Response:
        return Response(await run_in_threadpool(metrics), headers={"content-type": CONTENT_TYPE, **_NO_STORE})

    async def healthz(_request: Request) -> Response:
        found = await run_in_threadpool(problems)
        checks = {name: problem or "ok" for name, problem in found.items()}
        return JSONResponse(checks, 503 if any(found.values()) else 200, _NO_STORE)

    return Starlette(routes=[Route("/metrics", page), Route("/healthz", healthz)])


async def _serve(app: Starlette, listener: socket, over: asyncio.Event) -> None:
    with listener:
        server = EmbeddedServer(app, connections=_CONNECTIONS, grace_s=_GRACE_S)
        host, port = listener.getsockname()[:2]
        await server.listen(host, port, handed=listener)
        await over.wait()
        await server.close()
