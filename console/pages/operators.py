"""The page on which administrators manage operators."""

from __future__ import annotations

from typing import Final

import structlog
from starlette.responses import Response

from console.operators import BadPassword, OperatorError, Role
from console.visit import Visit, back_to
from credentials.errors import InvalidKey

_log = structlog.get_logger(__name__)
_TOLD: Final = (OperatorError, InvalidKey)
"""The errors that prevent a change and that the page shows; without the key nothing can be recorded."""


def show(visit: Visit) -> Response:
    """Show all operators, and the forms to change them."""
    return _page(visit)


def add(visit: Visit) -> Response:
    """Add an operator."""
    name = visit.form.get("name", "").strip()
    try:
        visit.backend.operators.add(
            name,
            _new_password(visit),
            role=Role.parse(visit.form.get("role", "")),
            language=visit.form.get("language", ""),
            by=visit.actor,
        )
    except _TOLD as error:
        return _page(visit, problem=_told(visit, error))
    return _done(visit, "operator_added", name)


def set_role(visit: Visit) -> Response:
    """Give an operator another role."""
    if (refusal := _not_oneself(visit)) is not None:
        return refusal
    try:
        visit.backend.operators.set_role(_name(visit), Role.parse(visit.form.get("role", "")), by=visit.actor)
    except _TOLD as error:
        return _page(visit, problem=_told(visit, error))
    return _done(visit, "operator_role_changed", _name(visit))


def set_password(visit: Visit) -> Response:
    """Give an operator another password."""
    try:
        visit.backend.operators.set_password(_name(visit), _new_password(visit), by=visit.actor)
    except _TOLD as error:
        return _page(visit, problem=_told(visit, error))
    return _done(visit, "operator_password_changed", _name(visit))


def remove(visit: Visit) -> Response:
    """Remove an operator."""
    if (refusal := _not_oneself(visit)) is not None:
        return refusal
    try:
        visit.backend.operators.remove(_name(visit), by=visit.actor)
    except _TOLD as error:
        return _page(visit, problem=_told(visit, error))
    return _done(visit, "operator_removed", _name(visit))


def _page(visit: Visit, *, problem: str = "") -> Response:
    return visit.page(
        "operators.html", operators=visit.backend.operators.all(), problem=problem, status=400 if problem else 200
    )


def _not_oneself(visit: Visit) -> Response | None:
    """Refuse a change of one's own account, so that nobody removes the last administrator by mistake."""
    if visit.operator is not None and visit.operator.name == _name(visit):
        return _page(visit, problem=visit.texts("operators.not_oneself"))
    return None


def _new_password(visit: Visit) -> str:
    password = visit.form.get("password", "")
    if password != visit.form.get("again", ""):
        raise BadPassword("differs", "the two passwords differ")
    return password


def _told(visit: Visit, error: OperatorError | InvalidKey) -> str:
    if isinstance(error, InvalidKey):
        return visit.texts("operators.no_key", why=str(error))
    if isinstance(error, BadPassword):
        return visit.texts(f"password.{error.rule}")
    return visit.texts(f"account.{type(error).__name__}", name=visit.form.get("name", "") or _name(visit))


def _done(visit: Visit, event: str, name: str) -> Response:
    by = "" if visit.operator is None else visit.operator.name
    _log.info(event, operator=name, by=by)
    return back_to("/operators")


def _name(visit: Visit) -> str:
    return visit.in_path("name")
