"""The pages of a line's credentials: their states, and what operators do about logins, each confirmed first."""

from __future__ import annotations

from urllib.parse import urlencode

import structlog
from starlette.responses import Response

from console.lines.changes import Change
from console.lines.view import view_line
from console.visit import Visit, back_to
from credentials.errors import InvalidNumber, UnknownLine
from credentials.lines.numbers import normalise_number
from credentials.model import Line
from storage.errors import StorageError, StoreUnavailable
from web.forms import LONGEST_VALUE

_log = structlog.get_logger(__name__)
_NOTHING = "nothing"
_SHOWN = 40


def search(visit: Visit) -> Response:
    """Find a line by any of its numbers, and show the states of its credentials."""
    text = visit.request.query_params.get("number", "")[: LONGEST_VALUE + 1].strip()
    if not text:
        return _found(visit, None)
    try:
        number = normalise_number(text)
    except InvalidNumber:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        return _found(visit, None, asked=text, status=400, problem=visit.texts("lines.wrong_number", text=shown))
    line = visit.backend.line_of(number)
    if line is None:
        return _found(visit, None, asked=text, problem=visit.texts("lines.unknown", number=number))
    return _found(visit, line, number=number, asked=text)


def of_call(visit: Visit) -> Response:
    """Show the states of the credentials of a caller's line; viewers find lines in no other way."""
    record = visit.backend.calls.call(visit.in_path("call_id"))
    if record is None:
        return visit.page("problem.html", status=404, problem="no_call")
    caller = record.summary.began.caller
    line = visit.backend.line_of(caller) if caller else None
    if line is None:
        return visit.page("problem.html", status=404, problem="no_line")
    return _found(visit, line, number=caller, call_id=record.summary.call_id)


def confirm(visit: Visit) -> Response:
    """Say what a change does, with the button that makes it."""
    return _confirm(visit)


def make(visit: Visit) -> Response:
    """Make a change that was confirmed."""
    change = Change.of(visit.in_path("change"))
    number = visit.in_path("number")
    if change is None or visit.operator is None:
        return visit.page("problem.html", status=404, problem="not_found")
    try:
        changed = visit.backend.change_logins(lambda store: change.make(store, number, visit.actor))
    except StoreUnavailable:
        raise
    except (InvalidNumber, UnknownLine):
        return visit.page("problem.html", status=404, problem="no_line")
    except StorageError as error:
        return _confirm(visit, status=409, problem=visit.texts("lines.not_changed", why=str(error)))
    if changed:
        _log.info("logins_changed", number=number, change=change.value, operator=visit.operator.name)
    told = {"number": number, "done": change.value if changed else _NOTHING}
    return back_to(f"/lines?{urlencode(told)}")


def _confirm(visit: Visit, *, status: int = 200, problem: str = "") -> Response:
    change = Change.of(visit.in_path("change"))
    if change is None:
        return visit.page("problem.html", status=404, problem="not_found")
    try:
        number = normalise_number(visit.in_path("number"))
    except InvalidNumber:
        return visit.page("problem.html", status=404, problem="no_line")
    line = visit.backend.line_of(number)
    if line is None:
        return visit.page("problem.html", status=404, problem="no_line")
    return visit.page(
        "logins.html",
        status=status,
        change=change.value,
        number=number,
        contract_number=line.contract_number,
        problem=problem,
    )


def _found(
    visit: Visit,
    line: Line | None,
    *,
    number: str = "",
    asked: str = "",
    call_id: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    view = None if line is None else view_line(visit.backend, line, sought=number, page=visit.asked("page"))
    if view is not None and visit.masked:
        view = view.without_addresses()
    done = visit.asked("done")
    known = done == _NOTHING or Change.of(done) is not None
    return visit.page(
        "lines.html",
        status=status,
        view=view,
        asked=asked,
        call_id=call_id,
        problem=problem,
        done=done if known and not call_id else "",
    )
