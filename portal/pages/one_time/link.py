"""The page that a link in a mail leads to. Opening it changes nothing, because mail scanners open links."""

from __future__ import annotations

from typing import Final

import structlog
from starlette.responses import Response

from credentials.one_time.model import LinkState, LinkVerdict
from portal.visit import Visit
from web.forms import is_bounded

_log = structlog.get_logger(__name__)
LISTED: Final = 40
"""The most numbers of a link that its page lists."""


def show(visit: Visit) -> Response:
    """Show what the link is good for, with a button that confirms."""
    return _page(visit, visit.store.link_state(_token(visit)))


def confirm(visit: Visit) -> Response:
    """Confirm the address."""
    state = visit.store.confirm_address(_token(visit))
    _log.info("address_link_used", verdict=state.verdict.value)
    return _page(visit, state)


def _page(visit: Visit, state: LinkState) -> Response:
    good = state.verdict in (LinkVerdict.GOOD, LinkVerdict.CONFIRMED)
    return visit.page("one_time/link.html", status=200 if good else 404, state=state, listed=LISTED)


def _token(visit: Visit) -> str:
    token: str = visit.request.path_params["token"]
    return token if is_bounded(token) else ""
