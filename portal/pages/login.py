"""Logging in and out, staying logged in, and saying how long a login still lasts."""

from __future__ import annotations

import unicodedata
from typing import Final

import structlog
from starlette.responses import JSONResponse, RedirectResponse, Response

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from credentials.model import LoginVerdict
from credentials.site.session import Session
from portal.endpoints import STAGE_PAGES
from portal.form_errors import FormErrors
from portal.visit import Visit, go_to

_log = structlog.get_logger(__name__)
_LONGEST: Final = 64
_DONE: Final = frozenset({"password", "logged_out"})


def form(visit: Visit) -> Response:
    """Show the login page; who is logged in goes on where the login is."""
    visit.uses.settle(visit.session_id)
    found = visit.store.session(visit.session_id, used=False) if visit.session_id else None
    if isinstance(found, Session):
        return go_to(STAGE_PAGES[found.stage])
    called = visit.store.set_since(visit.waits) if visit.waits else None
    if called is not None:
        return visit.forget_wait(_page(visit, number=called, done="called"))
    done = visit.asked("done")
    return _page(visit, done=done if done in _DONE else "")


def log_in(visit: Visit) -> Response:
    """Judge a login try, and give the browser a session that no browser has had before."""
    typed, secret = visit.form.get("number", "")[:_LONGEST], folded(visit.form.get("secret", ""))
    errors = FormErrors()
    try:
        number = normalise_number(typed)
    except InvalidNumber:
        errors.add("number", visit.texts("login.number_wrong"))
    if not secret:
        errors.add("secret", visit.texts("login.secret_missing"))
    if errors:
        return _page(visit, status=400, errors=errors, number=typed)
    start = visit.store.start_session(number, secret, origin=visit.address)
    visit.metrics.login(start.login.verdict)
    if start.session_id is None:
        braked = start.login.verdict is LoginVerdict.BRAKED
        _log.info("login_refused", address=visit.address, braked=braked)
        answer = _page(visit, status=429 if braked else 403, braked=braked, refused=not braked, number=typed)
        return answer if braked else visit.keep_wait(answer, visit.store.start_waiting(number))
    if visit.session_id:
        visit.store.log_out(visit.session_id)
    _log.info("login_accepted", address=visit.address, must_change=start.login.must_change)
    return visit.keep_session(go_to("/"), start.session_id)


def log_out(visit: Visit) -> Response:
    """End the session."""
    visit.store.log_out(visit.session_id)
    _log.info("logged_out", session=visit.logged_in.name)
    return visit.forget_session(go_to("/login?done=logged_out"))


def stay(visit: Visit) -> Response:
    """Start the idle time of the session anew, and go back to the page."""
    visit.store.extend_session(visit.session_id)
    back = visit.form.get("back", "/")
    inside = back.startswith("/") and not back.startswith(("//", "/\\"))
    return RedirectResponse(back if inside else "/", 303)


def left(visit: Visit) -> Response:
    """Say how many seconds the session lasts unless it is used. Asking is not using it."""
    return JSONResponse({"left_s": visit.idle_left_s})


def called(visit: Visit) -> Response:
    """Say whether a temporary password was set for the number of this browser's last refused try, after that try."""
    return JSONResponse({"set": bool(visit.waits) and visit.store.set_since(visit.waits) is not None})


def folded(secret: str) -> str:
    """Return a typed secret with full-width characters folded, as a Japanese keyboard may have written them."""
    return unicodedata.normalize("NFKC", secret[:_LONGEST]).strip()


def _page(
    visit: Visit,
    *,
    status: int = 200,
    errors: FormErrors | None = None,
    number: str = "",
    done: str = "",
    braked: bool = False,
    refused: bool = False,
) -> Response:
    return visit.page(
        "login.html",
        status=status,
        errors=errors or FormErrors(),
        number=number,
        done=done,
        braked=braked,
        refused=refused,
    )
