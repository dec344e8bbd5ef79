"""The history, and "this was not me"."""

from __future__ import annotations

import re

import pytest

from credentials.model import Unit
from credentials.site.history import PROOFS, Proof
from portal.config import LANGUAGES
from tests.portal.conftest import LogIn
from tests.portal.stage import CONTRACT, OTHER_LINE, PASSWORD, SECOND, TEMPORARY, Stage
from tests.portal.visitor import Visitor, said
from texts.catalogue import read_texts


def positions(visitor: Visitor) -> list[str]:
    return re.findall(r'href="(/history/\d+/not-me)"', visitor.get("/history").text)


@pytest.mark.both_databases
def test_it_shows_who_did_what_by_which_proof(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT)
    stage.store.log_in(CONTRACT, "wrong999", session_id="x")
    told = said(logged_in().get("/history"))
    for part in (
        "Temporary password set",
        "call from the line",
        "Password changed",
        "Login refused failed",
        "this login",
    ):
        assert part in told, part
    assert PASSWORD not in told


def test_every_thing_in_a_history_has_a_text(stage: Stage) -> None:
    for language in LANGUAGES:
        texts = read_texts("portal.texts", language).texts
        assert all(f"proof.{proof}" in texts for proof in Proof)
        events = [key.removeprefix("event.") for key in texts if key.startswith("event.")]
        assert {event.removesuffix("_ok").removesuffix("_failed") for event in events} == set(PROOFS)


@pytest.mark.both_databases
def test_this_was_not_me_locks_the_line_until_a_call_from_it(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    visitor, other = logged_in(), logged_in(SECOND)
    path = positions(visitor)[0]
    assert "All logins of this line stop" in said(visitor.get(path))
    answer = visitor.fill_in(path)
    assert "Logins are stopped" in said(answer)
    assert "somebody of this line said" in said(other.get("/"))
    assert visitor.log_in().status_code == 403
    stage.call(CONTRACT, unit=Unit.ADMIN_USER)
    assert visitor.log_in(secret=TEMPORARY).status_code == 303


def test_the_administrator_ends_all_other_logins_of_the_line(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    stage.subscribe(OTHER_LINE)
    user, elsewhere, admin = logged_in(SECOND), logged_in(OTHER_LINE), logged_in()
    assert "End all other logins" in said(admin.get("/history"))
    answer = admin.fill_in("/sessions/end", on="/history")
    assert answer.headers["location"] == "/history?done=ended"
    told = said(admin.get(answer.headers["location"]))
    assert "All other logins of this line have ended" in told
    assert "Other logins ended" in told
    assert "The contract number of this line ended this login" in said(user.get("/"))
    assert elsewhere.get("/").status_code == 200
    again = admin.fill_in("/sessions/end", on="/history")
    assert "There was no other login of this line" in said(admin.get(again.headers["location"]))
    assert "done_x" not in admin.get("/history?done=x").text


def test_whoever_sees_one_number_alone_is_offered_no_end_of_others(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    stage.subscribe(OTHER_LINE)
    admin = logged_in()
    for visitor in (logged_in(SECOND), logged_in(OTHER_LINE)):
        assert "End all other logins" not in said(visitor.get("/history"))
        assert visitor.fill_in("/sessions/end", on="/history").status_code == 404
    assert admin.get("/").status_code == 200
    assert admin.post("/sessions/end").status_code == 403
    assert admin.get("/sessions/end").status_code == 404


def test_nothing_of_another_line_can_be_reported(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT, OTHER_LINE)
    path = positions(logged_in(OTHER_LINE))[0]
    visitor = logged_in()
    assert visitor.get(path).status_code == 404
    assert visitor.fill_in(path, on="/").status_code == 404
    assert visitor.get("/").status_code == 200
    for strange in ("x", "-1", "9" * 30, "%00"):
        assert visitor.get(f"/history/{strange}/not-me").status_code == 404


@pytest.mark.both_databases
def test_older_records_are_on_further_pages(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT)
    for _ in range(25):
        stage.store.log_in(CONTRACT, PASSWORD, session_id="x")
    visitor = logged_in()
    older = re.search(r'href="(/history\?before=\d+)"', visitor.get("/history").text)
    assert older is not None
    assert "Temporary password set" in said(visitor.get(older[1]))
    assert visitor.get("/history?before=x").status_code == 404
