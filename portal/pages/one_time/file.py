"""Setting the one-time passwords of a line by a CSV file: the present state, a rehearsal, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from starlette.responses import Response

from credentials.one_time.csv_file import MOST_BYTES
from credentials.one_time.found import Found
from credentials.one_time.rehearsal import FileVerdict, Rehearsal
from mail.addresses import broken_rules, foreign_characters
from mail.outbox import LimitReached
from portal.file_problems import told
from portal.letters import writes_links
from portal.pages.one_time.fields import too_many_mails
from portal.rehearsals import Rehearsals
from portal.rights import NotYours
from portal.visit import Visit, go_to

_log = structlog.get_logger(__name__)
LONGEST_REQUEST: Final = MOST_BYTES + 64 * 1024
"""The longest upload with what a form adds to a file, in bytes."""


def show(visit: Visit) -> Response:
    """Show the form, and take a file, which is then rehearsed."""
    _require(visit)
    if visit.request.method != "POST":
        return _page(visit)
    content = visit.form.files.get("file", b"")
    if not content:
        return _page(visit, status=400, problems=[visit.texts("file.missing")])
    store, session_id, check = visit.store, visit.session_id, _address_check(visit)

    def rehearse(progress: Callable[[int, int], None]) -> Rehearsal:
        return store.rehearse_one_time_file(session_id, content, check_address=check, progress=progress)

    rehearsals: Rehearsals = visit.request.app.state.rehearsals
    if not rehearsals.start(store, session_id, rehearse):
        return _page(visit, status=429, problems=[visit.texts("file.busy")])
    return go_to("/one-time/file/rehearsal")


def present(visit: Visit) -> Response:
    """Send the present state as a file."""
    _require(visit)
    headers = {"content-disposition": 'attachment; filename="one-time-passwords.csv"'}
    return Response(visit.store.one_time_file(visit.session_id), media_type="text/csv; charset=utf-8", headers=headers)


def rehearsal(visit: Visit) -> Response:
    """Show how far the rehearsal is; once it is done, what the file would do."""
    _require(visit)
    state = visit.store.rehearsal_state(visit.session_id)
    if state is None:
        return go_to("/one-time/file")
    if state.found is not None:
        return _rehearsed(visit, state.found)
    if state.interrupted:
        return _page(visit, status=409, problems=[visit.texts("file.interrupted")])
    answer = visit.page("one_time/file_progress.html", done=state.done, total=state.total)
    answer.headers["refresh"] = "2"
    return answer


def store(visit: Visit) -> Response:
    """Store all that the rehearsed file changes, or nothing."""
    _require(visit)
    try:
        applied = visit.store.apply_one_time_file(visit.session_id, visit.form.get("draft", ""), writes_links(visit))
    except LimitReached as limit:
        return _page(visit, status=429, problems=[too_many_mails(visit, limit)])
    if applied.verdict is not FileVerdict.STORED:
        return _page(visit, status=409, problems=[visit.texts(f"file.{applied.verdict}")])
    _log.info("one_time_file_stored", session=visit.logged_in.name, numbers=len(applied.numbers))
    return _page(visit, stored=len(applied.numbers))


def _rehearsed(visit: Visit, found: Found) -> Response:
    if found.unreadable:
        return _page(visit, status=400, problems=[told(visit.texts, problem) for problem in found.unreadable])
    return visit.page(
        "one_time/file_rehearsal.html",
        found=found,
        rows=[(row, [told(visit.texts, problem) for problem in row.problems]) for row in found.rows],
        more=found.more,
    )


def _address_check(visit: Visit) -> Callable[[str], str | None]:
    texts = visit.texts

    def check(address: str) -> str | None:
        rules = broken_rules(address)
        if not rules:
            return None
        characters = " ".join(foreign_characters(address)[:10])
        return " ".join(texts(f"address.{rule}", characters=characters) for rule in rules)

    return check


def _require(visit: Visit) -> None:
    if not visit.rights.may_set_many or not visit.can_mail:
        raise NotYours


def _page(visit: Visit, *, status: int = 200, problems: list[str] | None = None, stored: int | None = None) -> Response:
    return visit.page(
        "one_time/file.html", status=status, problems=problems or [], stored=stored, count=len(visit.rights.numbers)
    )
