"""The forms that change a number's call notices: addresses, conditions, listed numbers.

Each form changes its own part, and carries the version of the settings that it showed: if they were changed elsewhere
meanwhile, nothing is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import structlog
from starlette.responses import Response

from notice.settings.checking import tidied
from notice.settings.model import LONGEST_NAME, MOST_ADDRESSES, MOST_LISTED, Address, Fault, Listed, Settings
from portal.form_errors import FormErrors
from portal.pages.notices.fields import fault_texts, home_of, number_of
from portal.visit import Visit, go_to

_log = structlog.get_logger(__name__)
CONDITIONS: Final = ("only_listed", "only_unanswered", "together")
_EMPTY_ROWS: Final = 5
"""How many empty rows the form of listed numbers has for new ones."""
_LONGEST: Final = 300
"""The most characters of a field that are looked at."""


def addresses(visit: Visit) -> Response:
    """Change the addresses, and which of them are mailed."""
    number, errors = number_of(visit), FormErrors()
    present = visit.store.notice_settings(visit.session_id, number)
    rows: Sequence[Address] = present.addresses
    if visit.request.method == "POST":
        rows = [
            Address(address=_typed(visit, f"address-{place}").strip(), ticked=_is_ticked(visit, f"send-{place}"))
            for place in range(1, MOST_ADDRESSES + 1)
        ]
        answer = _store(visit, number, replace(present, addresses=tuple(rows)), "addresses")
        if isinstance(answer, Response):
            return answer
        if answer is None:
            return _overtaken(visit, "addresses")
        places = [place for place, row in enumerate(rows, start=1) if row.address]
        for fault in answer:
            if fault.place:
                place = places[fault.place - 1]
                for text in fault_texts(visit, fault, rows[place - 1].address):
                    errors.add(f"address-{place}", text)
            else:
                errors.add("form", " ".join(fault_texts(visit, fault)))
    filled = [*rows, *[Address(address="")] * (MOST_ADDRESSES - len(rows))]
    return _page(visit, "addresses", number, present, errors, rows=filled)


def conditions(visit: Visit) -> Response:
    """Change of which calls mails go out."""
    number = number_of(visit)
    present = visit.store.notice_settings(visit.session_id, number)
    if visit.request.method == "POST":
        only_listed, only_unanswered, together = (_is_ticked(visit, name) for name in CONDITIONS)
        wanted = replace(present, only_listed=only_listed, only_unanswered=only_unanswered, together=together)
        answer = _store(visit, number, wanted, "conditions")
        if isinstance(answer, Response):
            return answer
        if answer is None:
            return _overtaken(visit, "conditions")
    return _page(visit, "conditions", number, present, FormErrors(), names=CONDITIONS)


def listed(visit: Visit) -> Response:
    """Change the listed numbers, their names, and which of them count."""
    number, errors = number_of(visit), FormErrors()
    present = visit.store.notice_settings(visit.session_id, number)
    rows: Sequence[Listed] = present.listed
    if visit.request.method == "POST":
        rows = [
            Listed(
                number=_typed(visit, f"number-{place}"),
                name=_typed(visit, f"name-{place}"),
                ticked=_is_ticked(visit, f"count-{place}"),
            )
            for place in range(1, MOST_LISTED + 1)
        ]
        answer = _store(visit, number, replace(present, listed=tuple(rows)), "listed")
        if isinstance(answer, Response):
            return answer
        if answer is None:
            return _overtaken(visit, "listed")
        rows = [row for row in rows if tidied(Settings(listed=(row,))).listed]
        for fault in answer:
            part = "name" if fault.problem == "name" else "number"
            for text in fault_texts(visit, fault):
                errors.add(f"{part}-{fault.place}" if fault.place else "form", text)
    filled = [*rows, *[Listed(number="")] * min(_EMPTY_ROWS, MOST_LISTED - len(rows))]
    return _page(visit, "listed", number, present, errors, rows=filled, most=MOST_LISTED, longest_name=LONGEST_NAME)


def _store(visit: Visit, number: str, wanted: Settings, done: str) -> Response | tuple[Fault, ...] | None:
    """Store settings; return where to go on, or what is wrong; None if they were changed elsewhere meanwhile."""
    shown = replace(wanted, version=visit.form.get("version", ""))
    change = visit.store.store_notice_settings(visit.session_id, number, shown)
    if change.changed:
        _log.info("notices_changed", session=visit.logged_in.name, part=done)
        return go_to(f"{home_of(visit)}?done={done}")
    return None if change.overtaken else change.faults


def _overtaken(visit: Visit, form: str) -> Response:
    return visit.page("notices/overtaken.html", status=409, form=form, again=visit.request.url.path)


def _page(visit: Visit, form: str, number: str, present: Settings, errors: FormErrors, **values: Any) -> Response:
    version = visit.form.get("version", present.version)
    return visit.page(
        f"notices/{form}.html",
        status=400 if errors else 200,
        number=number,
        home=home_of(visit),
        settings=present,
        version=version,
        errors=errors,
        **values,
    )


def _typed(visit: Visit, name: str) -> str:
    return visit.form.get(name, "")[:_LONGEST]


def _is_ticked(visit: Visit, name: str) -> bool:
    return visit.form.get(name) == "yes"
