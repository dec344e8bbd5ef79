"""A login that is half finished ends with all others: what its pages send afterwards changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from credentials.model import Unit
from tests.portal.attacks.test_guessing import code_in, use_codes
from tests.portal.conftest import LogIn
from tests.portal.stage import CONTRACT, PASSWORD, SECOND, TEMPORARY, Stage
from tests.portal.test_history import positions
from tests.portal.visitor import Visitor, said

NEW = "z8k2m9x4"
FORMS = {
    "/password/renew": {"current": TEMPORARY, "new": NEW, "again": NEW},
    "/one-time/decline": {"agreed": "yes"},
    "/one-time/code": {},
}
"""The form with which a login goes on, at each stage where it can be half finished."""


@pytest.fixture(params=FORMS)
def stage_page(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def half(stage: Stage, visitor: Visitor, stage_page: str) -> Visitor:
    """A visitor whose login is half finished; the contract number of the same line has logged in wholly."""
    stage.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    if stage_page == "/password/renew":
        stage.call(SECOND, unit=Unit.ADMIN_USER)
        visitor.log_in(SECOND, TEMPORARY)
    elif stage_page == "/one-time/code":
        session_id = str(stage.store.start_session(SECOND, PASSWORD).session_id)
        assert session_id
        stage.store.reset_one_time_password(SECOND, operator="operator root")
        use_codes(stage, SECOND)
        visitor.log_in(SECOND)
        visitor.fill_in("/one-time/code/send", on="/one-time/code")
    else:
        stage.store.reset_one_time_password(SECOND, operator="operator root")
        visitor.log_in(SECOND)
    assert visitor.get(stage_page).status_code == 200
    return visitor


End = Callable[[Stage, LogIn], None]


def end_by_operator(stage: Stage, _: LogIn) -> None:
    assert stage.store.end_sessions(SECOND, operator="operator root") == 1


def end_of_line_by_operator(stage: Stage, _: LogIn) -> None:
    assert stage.store.end_sessions(CONTRACT, whole_line=True, operator="operator root") >= 1


def end_all_by_subscriber(stage: Stage, _: LogIn) -> None:
    session_id = stage.store.start_session(CONTRACT, PASSWORD).session_id
    assert stage.store.end_other_sessions(str(session_id)) == 1


def report_by_subscriber(_: Stage, logged_in: LogIn) -> None:
    admin = logged_in(CONTRACT)
    path = positions(admin)[-1]
    assert "Logins are stopped" in said(admin.fill_in(path))


def lock_of_line(stage: Stage, _: LogIn) -> None:
    stage.store.lock_line(CONTRACT)


@pytest.mark.parametrize(
    "end", [end_by_operator, end_of_line_by_operator, end_all_by_subscriber, report_by_subscriber, lock_of_line]
)
def test_what_a_half_finished_login_sends_after_its_end_changes_nothing(
    stage: Stage, half: Visitor, logged_in: LogIn, stage_page: str, end: End
) -> None:
    fields = {"csrf": half.csrf(stage_page), **FORMS[stage_page]}
    if stage_page == "/one-time/code":
        fields["code"] = code_in(stage, SECOND)
    end(stage, logged_in)
    before = stage.store.audit_records()
    answer = half.post(stage_page, data=fields)
    assert answer.status_code == 403
    assert "ended" in said(answer) or "stopped" in said(answer) or "locked" in said(answer)
    assert stage.store.audit_records() == before
    assert half.get("/").headers["location"] == "/login"
    assert not stage.store.log_in(SECOND, NEW, session_id="x").verdict.accepted
