"""Says whether the site and its store serve, for a watchdog, and what the site has counted, for Prometheus.

`/healthz` is on the site's own port, too. `/metrics` has a port of its own, on loopback by default: it has no login.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mail.outbox import Backlog
from portal.metrics import CONTENT_TYPE, Metrics
from portal.store_access import StoreAccess
from storage.errors import StorageError
from web.server import EmbeddedServer

_CONNECTIONS: Final = 32
_GRACE_S: Final = 1


def healthz(access: StoreAccess) -> Callable[[Request], Awaitable[Response]]:
    """Make the page that answers 200 if the store serves, else 503."""

    async def answer(_request: Request) -> Response:
        try:
            await run_in_threadpool(access.look)
        except StorageError:
            return JSONResponse({"store": "away"}, 503)
        return JSONResponse({"store": "connected"})

    return answer


def health_server(
    access: StoreAccess, metrics: Metrics, mail_backlog: Callable[[], Backlog] | None = None
) -> EmbeddedServer:
    """Make the server of the health pages, for the running loop.

    Args:
        access: the store.
        metrics: what the site has counted.
        mail_backlog: returns which mails wait in the outbox; None if the site sends none.
    """

    def look() -> None:
        try:
            access.look()
            backlog = None if mail_backlog is None else mail_backlog()
        except StorageError:
            metrics.store_is_away()
        else:
            metrics.store_is_up(backlog)

    async def page(_request: Request) -> Response:
        await run_in_threadpool(look)
        return Response(metrics.page(), headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})

    app = Starlette(routes=[Route("/healthz", healthz(access)), Route("/metrics", page)])
    return EmbeddedServer(app, connections=_CONNECTIONS, grace_s=_GRACE_S)
