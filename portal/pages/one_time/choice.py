"""Choosing whether a number uses one-time passwords."""

from __future__ import annotations

import hashlib
import hmac

import structlog
from starlette.responses import Response

from credentials.errors import NotAllowed
from credentials.one_time.model import ConfirmationPart, OneTimeChange
from credentials.sides.one_time_side import Confirmation
from credentials.site.session import Stage
from mail.outbox import LimitReached
from portal.form_errors import FormErrors
from portal.letters import writes_link
from portal.pages.one_time.fields import (
    home_of,
    name_problems,
    number_of,
    read_address,
    read_new_confirmation,
    too_many_mails,
)
from portal.rights import NotYours
from portal.visit import Visit, go_to

_log = structlog.get_logger(__name__)


def choose(visit: Visit) -> Response:
    """Show the two ways at the first login."""
    return visit.page("one_time/choose.html", can_mail=visit.can_mail)


def decline(visit: Visit) -> Response:
    """Say what it means to use none, and take an explicit consent."""
    number, errors = number_of(visit), FormErrors()
    if visit.request.method == "POST":
        if visit.form.get("agreed") == "yes":
            change = visit.store.use_no_one_time_password(visit.session_id, number=number)
            _log.info("one_time_password_off", session=visit.logged_in.name)
            return _go_on(visit, change, f"{home_of(visit)}?done=off")
        errors.add("agreed", visit.texts("one_time.agree_first"))
    return visit.page(
        "one_time/decline.html",
        status=400 if errors else 200,
        errors=errors,
        number=number,
        back=_back(visit),
    )


def use(visit: Visit) -> Response:
    """Take address, confirmation ID and confirmation password; show them for review; then store them."""
    if not visit.can_mail:
        raise NotYours
    number, errors = number_of(visit), FormErrors()
    if visit.request.method != "POST":
        return _form(visit, number, errors)
    numbers = {number, visit.logged_in.contract_number}
    address = read_address(visit, errors)
    new_id = read_new_confirmation(visit, errors, ConfirmationPart.ID, "confirmation-id", numbers)
    password = read_new_confirmation(visit, errors, ConfirmationPart.PASSWORD, "confirmation-password", numbers)
    reviewed = visit.form.get("reviewed", "")
    if reviewed and not errors and not hmac.compare_digest(reviewed.encode(), _mark(visit, password)):
        errors.add("confirmation-password", visit.texts("one_time.differs_from_before"))
    if visit.form.get("do") == "back":
        return _form(visit, number, FormErrors())
    if errors and not reviewed:
        return _form(visit, number, errors, status=400)
    if errors or not reviewed:
        mark = reviewed or _mark(visit, password).decode()
        return _review(visit, number, address, new_id, mark, errors)
    return _store(visit, number, address, Confirmation(new_id, password), errors)


def _store(visit: Visit, number: str, address: str, confirmation: Confirmation, errors: FormErrors) -> Response:
    try:
        change = visit.store.use_one_time_password(
            visit.session_id, address, confirmation, writes_link(visit), number=number
        )
    except LimitReached as limit:
        return _form(visit, number, errors, status=429, problem=too_many_mails(visit, limit))
    except NotAllowed:
        return go_to(home_of(visit))  # it has a confirmed address already: there it is changed
    name_problems(visit, errors, ConfirmationPart.ID, "confirmation-id", change.id_problems)
    name_problems(visit, errors, ConfirmationPart.PASSWORD, "confirmation-password", change.password_problems)
    if not change.changed:
        return _form(visit, number, errors, status=400)
    _log.info("one_time_password_on", session=visit.logged_in.name)
    return _go_on(visit, change, f"{home_of(visit)}?done=on")


def _go_on(visit: Visit, change: OneTimeChange, path: str) -> Response:
    """Go to the settings of the one-time password; if the login is complete now, with the session's new id."""
    answer = go_to(path)
    return answer if change.session_id is None else visit.keep_session(answer, change.session_id)


def _mark(visit: Visit, password: str) -> bytes:
    """Return what the review carries in place of the password: nobody can find it out from this without the session."""
    text = password.encode("utf-8", "surrogatepass")
    return hmac.new(visit.session_id.encode(), text, hashlib.sha256).hexdigest().encode()


def _form(visit: Visit, number: str, errors: FormErrors, *, status: int = 200, problem: str = "") -> Response:
    return visit.page(
        "one_time/use.html",
        status=status,
        errors=errors,
        number=number,
        address=visit.form.get("address", ""),
        confirmation_id=visit.form.get("confirmation-id", ""),
        problem=problem,
        back=_back(visit),
    )


def _review(visit: Visit, number: str, address: str, new_id: str, mark: str, errors: FormErrors) -> Response:
    return visit.page(
        "one_time/review.html",
        status=400 if errors else 200,
        errors=errors,
        number=number,
        address=address,
        confirmation_id=new_id,
        mark=mark,
    )


def _back(visit: Visit) -> str:
    return "/one-time/choose" if visit.logged_in.stage is not Stage.COMPLETE else home_of(visit)
