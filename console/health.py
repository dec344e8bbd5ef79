"""Says whether the console and its store serve, for a watchdog."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from console.database import Backend
from storage.errors import StorageError


async def healthz(request: Request) -> JSONResponse:
    """Answer 200 if the store serves, else 503."""
    backend: Backend = request.app.state.backend
    try:
        await run_in_threadpool(lambda: backend.calls.in_progress())
    except StorageError:
        return JSONResponse({"store": "away"}, 503)
    return JSONResponse({"store": "connected"})
