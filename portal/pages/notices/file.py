"""Setting the call notices of a line by a CSV file: the present state, a rehearsal, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from starlette.responses import Response

from credentials.one_time.rehearsal import FileVerdict
from notice.settings.csv_file import MOST_BYTES, BadNoticeFile, Wrong
from notice.settings.rehearsal import Rehearsal
from portal.file_problems import reason_text, told
from portal.pages.notices.fields import fault_texts
from portal.rights import NotYours
from portal.visit import Visit

_log = structlog.get_logger(__name__)
LONGEST_REQUEST: Final = MOST_BYTES + 64 * 1024
"""The longest upload with what a form adds to a file, in bytes."""
MOST_SHOWN: Final = 200
"""How many rows of a rehearsal are shown; all are counted."""


def show(visit: Visit) -> Response:
    """Show the form, and take a file: say what it would do."""
    _require(visit)
    if visit.request.method != "POST":
        return _page(visit)
    content = visit.form.files.get("file", b"")
    if not content:
        return _page(visit, status=400, problems=[visit.texts("file.missing")])
    try:
        found = visit.store.rehearse_notice_file(visit.session_id, content)
    except BadNoticeFile as bad:
        return _page(visit, status=400, problems=[told(visit.texts, problem) for problem in bad.problems])
    return _rehearsed(visit, found)


def present(visit: Visit) -> Response:
    """Send the present state as a file."""
    _require(visit)
    headers = {"content-disposition": 'attachment; filename="call-notices.csv"'}
    return Response(visit.store.notice_file(visit.session_id), media_type="text/csv; charset=utf-8", headers=headers)


def store(visit: Visit) -> Response:
    """Store all that the rehearsed file changes, or nothing."""
    _require(visit)
    applied = visit.store.apply_notice_file(visit.session_id, visit.form.get("draft", ""))
    if applied.verdict is not FileVerdict.STORED:
        return _page(visit, status=409, problems=[visit.texts(f"file.{applied.verdict}")])
    _log.info("notice_file_stored", session=visit.logged_in.name, numbers=len(applied.numbers))
    return _page(visit, stored=len(applied.numbers))


def _rehearsed(visit: Visit, found: Rehearsal) -> Response:
    shown = found.rows[:MOST_SHOWN]
    return visit.page(
        "notices/file_rehearsal.html",
        status=400 if found.wrong else 200,
        found=found,
        rows=[(row, _texts(visit, row.wrong)) for row in shown],
        more=len(found.rows) - len(shown),
    )


def _texts(visit: Visit, wrong: Sequence[Wrong]) -> list[str]:
    """Return what is wrong with a row, each with its column, in the page's language."""
    texts = visit.texts
    said = []
    for each in wrong:
        reasons = (
            [reason_text(texts, each.reason)] if each.fault is None else fault_texts(visit, each.fault, each.address)
        )
        place = _column(visit, each.column)
        said += [texts("file.at", place=place, reason=reason) if place else reason for reason in reasons]
    return said


def _column(visit: Visit, column: str) -> str:
    if not column:
        return ""
    part, _, place = column.rpartition(" ")
    if place.isdigit():
        return visit.texts(f"notice_column.{part}_n", n=place)
    return visit.texts(f"notice_column.{column.replace(' ', '_')}")


def _require(visit: Visit) -> None:
    if not visit.rights.may_set_many or not visit.can_mail:
        raise NotYours


def _page(visit: Visit, *, status: int = 200, problems: Sequence[str] = (), stored: int | None = None) -> Response:
    return visit.page(
        "notices/file.html", status=status, problems=problems, stored=stored, count=len(visit.rights.numbers)
    )
