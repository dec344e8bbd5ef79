"""The page that asks for a one-time password at a login, and the change of the address there."""

from __future__ import annotations

import structlog
from starlette.responses import Response

from credentials.one_time.model import CodeVerdict, ConfirmationVerdict
from credentials.sides.one_time_side import Confirmation
from mail.outbox import LimitReached
from portal.form_errors import FormErrors
from portal.letters import writes_code, writes_link
from portal.pages.login import folded
from portal.pages.one_time.fields import read_address, too_many_mails
from portal.rights import NotYours
from portal.visit import Visit, go_to

_log = structlog.get_logger(__name__)


def ask(visit: Visit) -> Response:
    """Ask for a code, and judge the one that was typed."""
    errors = FormErrors()
    if visit.request.method == "POST":
        typed = visit.form.get("code", "")
        if not typed.strip():
            errors.add("code", visit.texts("code.missing"))
        else:
            proof = visit.store.prove_code(visit.session_id, typed)
            if proof.verdict is CodeVerdict.ACCEPTED and proof.session_id is not None:
                _log.info("login_completed", session=visit.logged_in.name)
                return visit.keep_session(go_to("/"), proof.session_id)
            is_last = proof.verdict is CodeVerdict.WRONG and proof.tries_left == 0
            verdict = CodeVerdict.VOID if is_last else proof.verdict
            errors.add("code", visit.texts(f"code.{verdict}", left=proof.tries_left))
    return _page(visit, errors, status=400 if errors else 200)


def send(visit: Visit) -> Response:
    """Send a code; those that were sent before stay good for their own time."""
    try:
        sent = visit.store.send_code(visit.session_id, writes_code(visit))
    except LimitReached as limit:
        return _page(visit, FormErrors(), status=429, problem=too_many_mails(visit, limit))
    visit.metrics.code_sent()
    _log.info("one_time_password_sent", session=visit.logged_in.name, code_name=sent.name)
    return go_to("/one-time/code")


def address(visit: Visit) -> Response:
    """Have a new address confirmed, with confirmation ID and password; until its link is used the old one counts."""
    if not visit.can_mail:
        raise NotYours
    errors, problem = FormErrors(), ""
    if visit.request.method == "POST":
        typed = read_address(visit, errors)
        proof = Confirmation(
            folded(visit.form.get("confirmation-id", "")), folded(visit.form.get("confirmation-password", ""))
        )
        if not errors:
            try:
                change = visit.store.change_address_at_login(visit.session_id, typed, proof, writes_link(visit))
            except LimitReached as limit:
                problem = too_many_mails(visit, limit)
            else:
                if change.changed:
                    _log.info("one_time_address_asked", session=visit.logged_in.name)
                    return go_to("/one-time/code?done=address")
                void = change.proof is ConfirmationVerdict.VOID
                problem = visit.texts("code.confirmation_void" if void else "code.confirmation_wrong")
    return visit.page(
        "one_time/code_address.html",
        status=400 if problem or errors else 200,
        errors=errors,
        problem=problem,
        address=visit.form.get("address", ""),
        confirmation_id=visit.form.get("confirmation-id", ""),
    )


def _page(visit: Visit, errors: FormErrors, *, status: int = 200, problem: str = "") -> Response:
    now = visit.store.now()
    sent_to, sent = visit.store.code_state(visit.session_id)
    return visit.page(
        "one_time/code.html",
        status=status,
        errors=errors,
        problem=problem,
        address=sent_to,
        sent=[(code, max(0, int((code.expires_at - now).total_seconds()))) for code in sent],
        done="address" if visit.asked("done") == "address" else "",
        can_mail=visit.can_mail,
    )
