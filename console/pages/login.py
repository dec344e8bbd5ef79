"""Logging in and out, and choosing the language."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import structlog
from starlette.responses import Response

from console.operators import LANGUAGES, Origin
from console.operators.sessions import new_token
from console.visit import Visit, back_to
from web.login_queue import AGAIN_S

_log = structlog.get_logger(__name__)
_LONGEST: Final = 512


def form(visit: Visit) -> Response:
    """Show the form. A visitor gets a token too, so that no other site can log them in."""
    if visit.token and visit.backend.sessions.find(visit.token) is not None:
        return back_to("/")
    return _form(visit if visit.token else replace(visit, token=new_token()), refused=False)


def log_in(visit: Visit) -> Response:
    """Log an operator in, with a token that no browser has had before.

    A language that was chosen on the login page becomes the operator's.
    """
    name = visit.login_name
    origin = Origin(address=visit.source, mark=visit.mark_shown(name))
    operator = visit.backend.operators.prove(name, visit.form.get("password", "")[:_LONGEST], origin)
    if operator is None:
        _log.warning("operator_refused", address=visit.address)
        return _form(visit, refused=True)
    if visit.chosen_language is not None:
        visit.backend.operators.set_language(operator.name, visit.chosen_language)
    token = visit.backend.sessions.begin(operator.name)
    _log.info("operator_logged_in", operator=operator.name, address=visit.address)
    answer = visit.keep_mark(back_to("/"), operator.name, visit.backend.operators.mark(operator.name))
    return visit.keep_token(visit.forget_language(answer), token)


def too_many(visit: Visit) -> Response:
    """Show that too many are trying to log in just now."""
    answer = visit.page("login.html", status=429, problem="login.too_many", nobody=False)
    answer.headers["retry-after"] = str(AGAIN_S)
    return answer


def log_out(visit: Visit) -> Response:
    """End the login."""
    visit.backend.sessions.end(visit.token)
    if visit.operator is not None:
        _log.info("operator_logged_out", operator=visit.operator.name)
    return visit.forget_token(back_to("/login"))


def set_language(visit: Visit) -> Response:
    """Change this operator's language."""
    language = visit.form.get("language", "")
    if visit.operator is not None and language in LANGUAGES:
        visit.backend.operators.set_language(visit.operator.name, language)
    back = visit.form.get("back", "/")
    return back_to(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")


def _form(visit: Visit, *, refused: bool) -> Response:
    nobody = not visit.backend.operators.all()
    problem = "login.refused" if refused else ""
    answer = visit.page("login.html", status=403 if refused else 200, problem=problem, nobody=nobody)
    return visit.keep_token(visit.keep_language(answer), visit.token)
