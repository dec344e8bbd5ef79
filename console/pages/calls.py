"""The search for calls, and the page of one call: what happened in it and why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import structlog
from starlette.responses import Response

from console.call.drawing import AXIS, HEIGHT, Lane, draw
from console.call.explanations import explain_miss
from console.operators import Role
from console.queries import read_moment, shortened
from console.trunks import Trunks
from console.visit import Visit, back_to
from credentials.model import Line
from dsp import NTT
from ivr.call.transcript import HIDDEN
from ivr.records import OUTCOMES, CallRecord, CallSummary, Query, together
from storage.errors import StorageError, StoreUnavailable
from web.forms import LONGEST_VALUE

_log = structlog.get_logger(__name__)
_AT_ONCE: Final = 50
_DIGITS: Final = 15
"""The longest telephone number, without its prefix: ITU-T E.164, 6.1. SQLite refuses patterns of 50,000."""
_SEPARATORS: Final = re.compile(r"[-\s().\u2010-\u2015\u2212\u30fc]")


def search(visit: Visit) -> Response:
    """Show the calls that match a number, outcome, trunk and time."""
    asked = {name: visit.asked(name) for name in ("outcome", "trunk", "since", "until", "before")}
    asked["number"] = visit.request.query_params.get("number", "")[: LONGEST_VALUE + 1]
    wrong: list[str] = []
    number = _number(visit, asked["number"], wrong)
    if visit.masked:
        number = ""  # an operator who may not see a number must not find it out digit by digit
    outcome, trunks = asked["outcome"], Trunks(visit)
    times = {name: read_moment(visit, asked[name], wrong) for name in ("since", "until", "before")}
    until = min((moment for moment in (times["until"], times["before"]) if moment is not None), default=None)
    query = Query(
        number=number or None,
        outcome=outcome if outcome in OUTCOMES else None,
        trunks=trunks.named(asked["trunk"]),
        since=times["since"],
        until=until,
        limit=_AT_ONCE + 1,
    )
    found = [] if wrong else visit.backend.calls.search(query)
    more = found[_AT_ONCE - 1].began.began_at if len(found) > _AT_ONCE else None
    return visit.page(
        "calls.html",
        calls=found[:_AT_ONCE],
        asked=asked,
        more=None if more is None else urlencode({**asked, "before": more.isoformat()}),
        earlier=bool(asked["before"]),
        outcomes=OUTCOMES,
        trunks=trunks.names,
        wrong=wrong,
        status=400 if wrong else 200,
    )


def show(visit: Visit) -> Response:
    """Show one call."""
    record = visit.backend.calls.call(_call_id(visit))
    if record is None:
        return visit.page("problem.html", status=404, problem="no_call")
    return _page(visit, record)


def lock(visit: Visit) -> Response:
    """Lock the caller's line out."""
    return _change_line(visit, lambda line, operator: visit.backend.lock(line.contract_number, operator))


def unlock(visit: Visit) -> Response:
    """Let the caller's line in again."""
    return _change_line(visit, lambda line, operator: visit.backend.unlock(line.contract_number, operator))


def _page(visit: Visit, record: CallRecord, *, status: int = 200, problem: str = "") -> Response:
    line = _line_of(visit, record.summary)
    missed = [entry for entry in record.entries if entry.kind == "missed"]
    return visit.page(
        "call.html",
        status=status,
        call=record.summary,
        entries=list(together(record.entries)),
        misses=len(missed),
        reasons=list(together(missed)),
        explain=lambda entry: explain_miss(entry.body, visit.texts),
        drawing=draw(record),
        lanes=Lane,
        height=HEIGHT,
        axis=AXIS,
        hidden=HIDDEN,
        limits=NTT,
        has_line=line is not None,
        line=line if visit.may(Role.OPERATOR) else None,
        problem=problem,
    )


def _change_line(visit: Visit, change: Callable[[Line, str], None]) -> Response:
    record = visit.backend.calls.call(_call_id(visit))
    line = None if record is None else _line_of(visit, record.summary)
    if record is None or line is None or visit.operator is None:
        return visit.page("problem.html", status=404, problem="no_call")
    try:
        change(line, visit.actor)
    except StoreUnavailable:
        raise
    except StorageError as error:
        return _page(visit, record, status=409, problem=visit.texts("call.not_changed", why=str(error)))
    _log.info("line_changed", line=line.contract_number, operator=visit.operator.name)
    return back_to(f"/calls/{record.summary.call_id}")


def _line_of(visit: Visit, call: CallSummary) -> Line | None:
    return visit.backend.line_of(call.began.caller) if call.began.caller else None


def _call_id(visit: Visit) -> str:
    return visit.in_path("call_id")


def _number(visit: Visit, text: str, wrong: list[str]) -> str:
    """Return the digits of a number or of a part of one, in whatever form they are typed."""
    number = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    if len(text) > LONGEST_VALUE or (number.isdecimal() and len(number) > _DIGITS):
        wrong.append(visit.texts("calls.long_number", text=shortened(text), most=_DIGITS))
        return ""
    if number and not (number.isascii() and number.isdigit()):
        wrong.append(visit.texts("calls.wrong_number", text=shortened(text)))
        return ""
    return number
