"""The pages for errors."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from console.visit import Visit


def store_away(request: Request, error: Exception) -> Response:
    """Show that the store cannot be reached, and what to check."""
    if request.url.path == "/live":
        return PlainTextResponse("The store does not serve.\n", 503)
    visit = Visit(request, "", None, {})
    return visit.page("away.html", status=503, detail=str(error))


def bad_query(request: Request, _error: Exception) -> Response:
    """Show that the address asks for something that cannot be looked up."""
    return Visit(request, "", None, {}).page("problem.html", status=400, problem="bad_query")


def not_found(request: Request, _error: Exception) -> Response:
    """Show that there is no such page."""
    return Visit(request, "", None, {}).page("problem.html", status=404, problem="not_found")


def page_failed(request: Request, _error: Exception) -> Response:
    """Show that the console failed; the server's log has the trace."""
    return Visit(request, "", None, {}).page("problem.html", status=500, problem="failed")
