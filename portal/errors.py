"""The pages for errors."""

from __future__ import annotations

from dataclasses import replace

import structlog
from starlette.requests import Request
from starlette.responses import Response

from portal.endpoints import first_visit

_log = structlog.get_logger(__name__)


def store_away(request: Request, error: Exception) -> Response:
    """Say that the site cannot serve just now. What is wrong with the store is for the log alone."""
    _log.warning("store_away", reason=str(error))
    return _problem(request, 503, "away", retry=True)


def not_found(request: Request, _error: Exception) -> Response:
    """Say that there is no such page, or none for this login."""
    return _problem(request, 404, "not_found")


def page_failed(request: Request, _error: Exception) -> Response:
    """Say that the site failed; the server's log has the trace."""
    return _problem(request, 500, "failed")


def _problem(request: Request, status: int, problem: str, *, retry: bool = False) -> Response:
    visit = replace(first_visit(request), session=None)
    answer = visit.page("problem.html", status=status, problem=problem, back=request.url.path if retry else "/")
    if retry:
        answer.headers["retry-after"] = "5"
    return answer
