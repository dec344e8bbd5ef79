"""A number's one-time password after a complete login: what is set, the address, and the confirmation."""

from __future__ import annotations

from typing import Final

import structlog
from starlette.responses import Response

from credentials.errors import NotAllowed
from credentials.one_time.model import ConfirmationPart, ConfirmationVerdict
from mail.outbox import LimitReached
from portal.form_errors import FormErrors
from portal.letters import writes_link
from portal.pages.one_time.fields import home_of, name_problems, number_of, read_address, too_many_mails
from portal.rights import NotYours
from portal.visit import Visit, go_to

_log = structlog.get_logger(__name__)
_DONE: Final = frozenset({"on", "off", "address", "id", "password"})
_PARTS: Final = {"confirmation-id": ConfirmationPart.ID, "confirmation-password": ConfirmationPart.PASSWORD}


def show(visit: Visit) -> Response:
    """Show what is set."""
    number = number_of(visit)
    state = visit.store.one_time_state(visit.session_id, number=number)
    done = visit.asked("done")
    return visit.page(
        "one_time/own.html",
        state=state,
        number=number,
        home=home_of(visit),
        done=done if done in _DONE else "",
        can_mail=visit.can_mail,
    )


def address(visit: Visit) -> Response:
    """Have a new address confirmed; until its link is used the old one counts."""
    number, errors, problem = number_of(visit), FormErrors(), ""
    if not visit.can_mail:
        raise NotYours
    if visit.request.method == "POST":
        typed = read_address(visit, errors)
        if not errors:
            try:
                visit.store.change_address(visit.session_id, typed, writes_link(visit), number=number)
            except LimitReached as limit:
                problem = too_many_mails(visit, limit)
            except NotAllowed:
                raise NotYours from None
            else:
                _log.info("one_time_address_asked", session=visit.logged_in.name)
                return go_to(f"{home_of(visit)}?done=address")
    return visit.page(
        "one_time/address.html",
        status=429 if problem else 400 if errors else 200,
        errors=errors,
        problem=problem,
        number=number,
        address=visit.form.get("address", ""),
        back=home_of(visit),
    )


def confirmation(visit: Visit) -> Response:
    """Change the confirmation ID or the confirmation password: the old one, the new one twice."""
    number, errors = number_of(visit), FormErrors()
    name = visit.request.url.path.rpartition("/")[2]
    part = _PARTS[name]
    if visit.request.method == "POST":
        old, new = visit.form.get("current", ""), visit.form.get("new", "")
        if not old:
            errors.add("current", visit.texts("password.current_missing"))
        if new != visit.form.get("again", ""):
            errors.add("again", visit.texts("password.differ"))
        if not errors:
            try:
                change = visit.store.change_confirmation(visit.session_id, part, old=old, new=new, number=number)
            except NotAllowed:
                raise NotYours from None
            if change.changed:
                _log.info("confirmation_changed", session=visit.logged_in.name)
                return go_to(f"{home_of(visit)}?done={part.lower()}")
            name_problems(visit, errors, part, "new", change.id_problems | change.password_problems)
            if change.proof in (ConfirmationVerdict.WRONG, ConfirmationVerdict.VOID):
                errors.add("current", visit.texts(f"confirmation_proof.{change.proof}"))
    return visit.page(
        "one_time/confirmation.html",
        status=400 if errors else 200,
        errors=errors,
        number=number,
        part=part,
        back=home_of(visit),
    )
