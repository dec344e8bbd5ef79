"""The fields that pages of one-time passwords share: the address, and the confirmation ID and password."""

from __future__ import annotations

from collections.abc import Collection

from credentials.one_time.model import ConfirmationPart, ConfirmationProblem
from credentials.one_time.policy import confirmation_problems
from mail.addresses import broken_rules, foreign_characters
from mail.outbox import LimitReached
from portal.form_errors import FormErrors
from portal.visit import Visit


def read_address(visit: Visit, errors: FormErrors) -> str:
    """Return the address that was typed; name each rule that it breaks."""
    address = visit.form.get("address", "").strip()
    if not address:
        errors.add("address", visit.texts("address.missing"))
        return ""
    for rule in broken_rules(address):
        errors.add("address", visit.texts(f"address.{rule}", characters=" ".join(foreign_characters(address)[:10])))
    return address


def read_new_confirmation(
    visit: Visit, errors: FormErrors, part: ConfirmationPart, field: str, numbers: Collection[str]
) -> str:
    """Return the confirmation ID or password that was chosen; name each rule that it breaks."""
    text = visit.form.get(field, "")
    name_problems(visit, errors, part, field, confirmation_problems(part, text, numbers))
    return text


def name_problems(
    visit: Visit,
    errors: FormErrors,
    part: ConfirmationPart,
    field: str,
    problems: Collection[ConfirmationProblem],
) -> None:
    """Name the rules that a new confirmation ID or password breaks, in their order."""
    for problem in ConfirmationProblem:
        if problem in problems:
            special = problem is ConfirmationProblem.CURRENT or problem is ConfirmationProblem.HAS_NUMBER
            group = f"confirmation_{part.lower()}" if special else "rule_broken"
            errors.add(field, visit.texts(f"{group}.{problem}"))


def too_many_mails(visit: Visit, limit: LimitReached) -> str:
    """Count it, and say that no more mails are sent for now, and from when on they are again."""
    visit.metrics.mail_refused(limit.limit)
    return visit.texts(f"mail.limit_{limit.limit}", time=visit.moment(limit.possible_at))


def number_of(visit: Visit) -> str:
    """Return the number whose one-time password the page is about: the one in the path, or the one logged in.

    Raises:
        NotYours: this login may not set it.
    """
    if "number" not in visit.request.path_params:
        return visit.logged_in.number
    number = visit.number_in_path()
    visit.rights.require_one_time_of(number)
    return number


def home_of(visit: Visit) -> str:
    """Return the address that the page's one-time settings have."""
    number = visit.request.path_params.get("number")
    return "/one-time" if number is None else f"/numbers/{number}/one-time"
