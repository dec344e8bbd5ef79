"""The history of a number: who set, changed and logged in, each with "this was not me"."""

from __future__ import annotations

from typing import Final

import structlog
from starlette.responses import Response

from credentials.errors import NotAllowed
from credentials.site.history import Event
from portal.rights import NotYours
from portal.visit import Visit, go_to

_log = structlog.get_logger(__name__)
ON_A_PAGE: Final = 20
_DONE: Final = frozenset({"ended", "none"})
_LONGEST: Final = 18
"""The most digits of a position that a database takes."""


def show(visit: Visit) -> Response:
    """Show a part of the history, the newest first."""
    before = _position(visit.asked("before")) if visit.asked("before") else None
    page = visit.store.history(visit.session_id, before=before, size=ON_A_PAGE)
    done = visit.asked("done")
    return visit.page(
        "history.html",
        events=[(event, event_text(visit, event)) for event in page.events],
        older=page.older,
        earlier=before is not None,
        rights=visit.rights,
        may_end_others=_may_end_others(visit),
        done=done if done in _DONE else "",
    )


def end_others(visit: Visit) -> Response:
    """End all other logins of the line, half-finished ones among them."""
    if not _may_end_others(visit):
        raise NotYours
    ended = visit.store.end_other_sessions(visit.session_id)
    _log.info("other_sessions_ended", session=visit.logged_in.name, sessions=ended)
    return go_to("/history?done=ended" if ended else "/history?done=none")


def not_me(visit: Visit) -> Response:
    """Say what "this was not me" does, and do it: lock the line's logins until a call from the line."""
    position = _position(str(visit.request.path_params["position"]))
    events = visit.store.history(visit.session_id, before=position + 1, size=1).events
    if not events or events[0].position != position:
        raise NotYours
    if visit.request.method == "POST":
        try:
            visit.store.report(visit.session_id, position)
        except NotAllowed:
            raise NotYours from None
        _log.warning("logins_locked_by_subscriber", session=visit.logged_in.name)
        return visit.forget_session(visit.without_session().page("locked.html"))
    return visit.page("not_me.html", event=events[0], text=event_text(visit, events[0]))


def event_text(visit: Visit, event: Event) -> str:
    """Return what was done, as a short text; of a try, with how it ended."""
    how = "" if not event.verdict else "_ok" if event.verdict == "ACCEPTED" else "_failed"
    return visit.texts.word("event", f"{event.action}{how}")


def _may_end_others(visit: Visit) -> bool:
    """Return whether there may be others: a number that sees itself alone has one login, this one."""
    return visit.logged_in.is_administrator and visit.rights.has_list


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        raise NotYours
    return int(text)
