"""Says whether the site and its store serve, for a watchdog."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from portal.store_access import StoreAccess
from storage.errors import StorageError


async def healthz(request: Request) -> JSONResponse:
    """Answer 200 if the store serves, else 503."""
    access: StoreAccess = request.app.state.store_access
    try:
        await run_in_threadpool(lambda: access.store().session("", used=False))
    except StorageError:
        return JSONResponse({"store": "away"}, 503)
    return JSONResponse({"store": "connected"})
