"""Pages for what goes wrong."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from console.visit import Visit


def store_away(request: Request, error: Exception) -> Response:
    """The store does not serve: what cannot be reached, and what to check."""
    if request.url.path == "/live":
        return PlainTextResponse("The store does not serve.\n", 503)
    visit = Visit(request, "", None, {})
    return visit.page("away.html", status=503, detail=str(error))


def bad_query(request: Request, _error: Exception) -> Response:
    """The address asks for what cannot be looked for."""
    return Visit(request, "", None, {}).page("problem.html", status=400, problem="bad_query")


def not_found(request: Request, _error: Exception) -> Response:
    """There is no such page."""
    return Visit(request, "", None, {}).page("problem.html", status=404, problem="not_found")


def page_failed(request: Request, _error: Exception) -> Response:
    """Our fault; the server's log has the trace."""
    return Visit(request, "", None, {}).page("problem.html", status=500, problem="failed")
