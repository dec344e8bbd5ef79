"""Changing a password: the one that has to be changed before anything else, one's own, or a user's."""

from __future__ import annotations

from urllib.parse import urlencode

import structlog
from starlette.responses import Response

from credentials.errors import NotAllowed
from credentials.model import LoginVerdict, PasswordChange, PasswordProblem
from portal.form_errors import FormErrors
from portal.pages.login import folded
from portal.rights import NotYours
from portal.visit import Visit, go_to

_log = structlog.get_logger(__name__)


def renew(visit: Visit) -> Response:
    """Have the password changed after a login with a temporary or an expired one."""
    return _page_or_change(visit, "renew.html", visit.logged_in.number)


def own(visit: Visit) -> Response:
    """Change the password of the number that is logged in."""
    return _page_or_change(visit, "password.html", visit.logged_in.number)


def of_number(visit: Visit) -> Response:
    """Change the password of a number of the line."""
    number = visit.number_in_path()
    if not visit.rights.may_change_password_of(number):
        raise NotYours
    return _page_or_change(visit, "password.html", number)


def _page_or_change(visit: Visit, template: str, number: str) -> Response:
    if visit.request.method != "POST":
        return _page(visit, template, number, FormErrors())
    errors = FormErrors()
    current, new = folded(visit.form.get("current", "")), visit.form.get("new", "")
    if not current:
        errors.add("current", visit.texts("password.current_missing"))
    if new != visit.form.get("again", ""):
        errors.add("again", visit.texts("password.differ"))
    if errors:
        return _page(visit, template, number, errors, status=400)
    try:
        change = visit.store.change_password_in(
            visit.session_id, current=current, new=new, number=number, origin=visit.address
        )
    except NotAllowed:
        raise NotYours from None
    if not change.changed:
        return _refused(visit, template, number, change)
    _log.info("password_changed", session=visit.logged_in.name)
    if number != visit.logged_in.number:
        return go_to("/numbers?" + urlencode({"done": number}))
    return visit.forget_session(go_to("/login?done=password"))


def _refused(visit: Visit, template: str, number: str, change: PasswordChange) -> Response:
    errors = FormErrors()
    for problem in PasswordProblem:
        if problem in change.problems:
            errors.add("new", visit.texts(f"rule_broken.{problem}"))
    braked = change.proof is LoginVerdict.BRAKED
    void = change.proof in (LoginVerdict.VOID, LoginVerdict.EXPIRED, LoginVerdict.UNKNOWN)
    if change.proof is LoginVerdict.WRONG or (not change.problems and not braked and not void):
        errors.add("current", visit.texts("password.current_wrong"))
    return _page(visit, template, number, errors, status=429 if braked else 400, braked=braked, void=void)


def _page(
    visit: Visit,
    template: str,
    number: str,
    errors: FormErrors,
    *,
    status: int = 200,
    braked: bool = False,
    void: bool = False,
) -> Response:
    return visit.page(
        template, status=status, number=number, errors=errors, braked=braked, void=void, rights=visit.rights
    )
