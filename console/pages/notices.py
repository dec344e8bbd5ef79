"""The page of call notices: incoming calls, the verdict on each, and the delivery of its mails (docs/rules.md 7.5)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from console.notices.view import pauses, shown
from console.queries import read_moment, shortened
from console.visit import Visit
from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from notice.store.search import CallQuery
from notice.store.verdicts import KEPT
from web.forms import LONGEST_VALUE

AT_ONCE: Final = 50
_SEPARATORS: Final = re.compile(r"[-\s().\u2010-\u2015\u2212\u30fc]")
_FOREIGN: Final = re.compile(r"\+?[0-9]{3,20}", re.ASCII)
"""The form in which the journal's reader keeps a number that is not one of Japan's (`notice.journal.caller`)."""


def search(visit: Visit) -> Response:
    """Show the calls that match a number and a time, the latest first, and the addresses that are paused."""
    asked = {name: visit.asked(name) for name in ("since", "until", "after")}
    asked["number"] = visit.request.query_params.get("number", "")[: LONGEST_VALUE + 1]
    wrong: list[str] = []
    number = _number(visit, asked["number"], wrong)
    if visit.masked:
        number = ""  # an operator who may not see a number must not find it out by trying
    since, until = (read_moment(visit, asked[name], wrong) for name in ("since", "until"))
    query = CallQuery(number=number, since=since, until=until, after=asked["after"], most=AT_ONCE + 1)
    found = [] if wrong else visit.backend.notices.calls(query)
    paused = (0, []) if wrong or asked["after"] else visit.backend.notices.paused(number)
    older = found[AT_ONCE - 1].call_id if len(found) > AT_ONCE else ""
    return visit.page(
        "notices.html",
        calls=[shown(call, masked=visit.masked) for call in found[:AT_ONCE]],
        pauses=pauses(*paused, masked=visit.masked),
        asked=asked,
        older=urlencode({**asked, "after": older}) if older else "",
        newest=urlencode({**asked, "after": ""}) if asked["after"] else "",
        days=KEPT.days,
        wrong=wrong,
        status=400 if wrong else 200,
    )


def _number(visit: Visit, text: str, wrong: list[str]) -> str:
    """Return a number in full, in the form in which verdicts have it: national digits, or those of another country."""
    if not text.strip():
        return ""
    try:
        return normalise_number(text)
    except InvalidNumber:
        digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    if not _FOREIGN.fullmatch(digits):
        wrong.append(visit.texts("notices.wrong_number", text=shortened(text)))
        return ""
    return digits
