"""Operators lock a number's logins and end its sessions: confirmed, recorded with their name (docs/rules.md 3.14)."""

from __future__ import annotations

import pytest

from console.lines.changes import Change
from console.operators import Role
from credentials.audit import Action
from credentials.errors import KeyFileError
from credentials.model import LoginVerdict
from credentials.site.session import EndedSession, EndReason
from credentials.store import CredentialStore
from tests.console.server import serving
from tests.console.stage import ADDITIONAL, CONTRACT, Stage
from tests.console.visitor import LogIn, Visitor
from tests.credentials.site.subscribers import PASSWORD, sign_up, start
from tests.credentials.stores import check

CHANGES = [change.value for change in Change]


def records(stage: Stage) -> list[tuple[str, str, str]]:
    """Return what the newest record says: the action, the number, and who did it."""
    with stage.open_store() as store:
        return [(record.action, record.number, record.actor) for record in store.audit_records(last=1)]


def head(stage: Stage) -> str:
    with stage.open_store() as store:
        return str(store.audit_head())


def make(visitor: Visitor, number: str, change: str) -> str:
    """Press the button of the page that says what a change does, and return the page that follows."""
    path = f"/lines/{number}/{change}"
    answer = visitor.fill_in(path, on=path)
    assert answer.status_code == 303
    return visitor.get(answer.headers["location"]).text


def test_a_number_is_locked_and_unlocked(stage: Stage, logged_in: LogIn) -> None:
    operator = logged_in(Role.OPERATOR)
    told = operator.get(f"/lines/{CONTRACT}/lock").text
    for part in ("nobody logs in to the settings site with this number", "with your name, otto", "Lock logins"):
        assert part in told
    locked = make(operator, CONTRACT, "lock")
    assert "The logins of the number are locked." in locked
    assert "locked since" in locked
    assert f'href="/lines/{CONTRACT}/unlock"' in locked
    assert records(stage) == [(Action.LOGINS_LOCKED, CONTRACT, "operator otto (console)")]
    with stage.open_store() as store:
        assert check(store, CONTRACT, PASSWORD) is LoginVerdict.LOCKED
    unlocked = make(operator, CONTRACT, "unlock")
    assert "The logins are unlocked." in unlocked
    assert "locked since" not in unlocked
    assert records(stage) == [(Action.LOGINS_UNLOCKED, CONTRACT, "operator otto (console)")]
    with stage.open_store() as store:
        assert check(store, CONTRACT, PASSWORD).accepted


def test_the_sessions_of_a_number_or_of_its_line_are_ended(stage: Stage, logged_in: LogIn) -> None:
    with stage.open_store() as store:
        sign_up(store, ADDITIONAL)
        session_ids = [start(store, CONTRACT), start(store, ADDITIONAL)]
    operator = logged_in(Role.OPERATOR)

    def ended() -> list[EndReason | None]:
        with stage.open_store() as store:
            found = [store.session(session_id) for session_id in session_ids]
        return [one.reason if isinstance(one, EndedSession) else None for one in found]

    assert "The login of the number was ended." in make(operator, ADDITIONAL, "end")
    assert ended() == [None, EndReason.ENDED_BY_OPERATOR]
    assert records(stage) == [(Action.SESSIONS_ENDED, ADDITIONAL, "operator otto (console)")]
    assert f'<b class="number">{CONTRACT}</b>' in operator.get(f"/lines/{ADDITIONAL}/end_all").text
    assert "The logins of the line were ended." in make(operator, ADDITIONAL, "end_all")
    assert ended() == [EndReason.ENDED_BY_OPERATOR] * 2
    assert records(stage) == [(Action.SESSIONS_ENDED, CONTRACT, "operator otto (console)")]


def test_the_choice_of_one_time_passwords_is_forgotten(stage: Stage, logged_in: LogIn) -> None:
    page = make(logged_in(Role.OPERATOR), CONTRACT, "reset")
    assert "choice about one-time passwords is forgotten" in page
    assert page.count("not chosen yet") == 2
    assert records(stage) == [(Action.ONE_TIME_RESET, CONTRACT, "operator otto (console)")]


@pytest.mark.parametrize("change", ["unlock", "end", "end_all", "reset"])
def test_what_is_so_already_is_said_and_not_recorded(stage: Stage, logged_in: LogIn, change: str) -> None:
    operator, before = logged_in(Role.OPERATOR), head(stage)
    assert "There was nothing to change" in make(operator, "0661234567", change)
    assert head(stage) == before


@pytest.mark.parametrize("change", CHANGES)
def test_a_look_at_the_page_changes_nothing_and_neither_does_a_forged_form(
    stage: Stage, logged_in: LogIn, change: str
) -> None:
    admin, before = logged_in(Role.ADMIN), head(stage)
    path = f"/lines/{CONTRACT}/{change}"
    assert admin.get(path).status_code == 200
    for csrf in ({}, {"csrf": "0" * 64}, {"csrf": logged_in(Role.ADMIN).csrf(path)}):
        answer = admin.post(path, data=csrf)
        assert (answer.status_code, "not sent by the console" in answer.text) == (403, True)
    elsewhere = admin.post(path, data={"csrf": admin.csrf(path)}, headers={"origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    assert head(stage) == before


@pytest.mark.parametrize("change", CHANGES)
def test_a_viewer_may_not(stage: Stage, logged_in: LogIn, change: str) -> None:
    viewer, before = logged_in(Role.VIEWER), head(stage)
    path = f"/lines/{CONTRACT}/{change}"
    assert viewer.get(path).status_code == 403
    answer = viewer.fill_in(path)
    assert (answer.status_code, "Your role does not allow this" in answer.text) == (403, True)
    assert head(stage) == before


def test_who_is_not_logged_in_may_not(visitor: Visitor) -> None:
    assert visitor.get(f"/lines/{CONTRACT}/lock").headers["location"] == "/login"
    assert visitor.post(f"/lines/{CONTRACT}/lock").headers["location"] == "/login"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/lines/0459998888/lock", "No line has that number"),
        ("/lines/abc/lock", "No line has that number"),
        (f"/lines/{'0' * 300}/lock", "No line has that number"),
        (f"/lines/{CONTRACT}/remove", "There is no such page"),
    ],
)
def test_a_number_and_a_change_that_are_none_are_not_found(logged_in: LogIn, path: str, told: str) -> None:
    operator = logged_in(Role.OPERATOR)
    for answer in (operator.get(path), operator.fill_in(path)):
        assert (answer.status_code, told in answer.text) == (404, True)


def test_without_the_key_the_states_are_seen_and_nothing_is_changed(stage: Stage) -> None:
    def fail() -> CredentialStore:
        raise KeyFileError("the key file /k cannot be used")

    path = f"/lines/{CONTRACT}/lock"
    with serving(stage.config(open_store=fail)) as address, Visitor(base_url=address) as otto:
        otto.log_in("otto")
        assert "10 wrong tries left" in otto.get(f"/lines?number={CONTRACT}").text
        answer = otto.fill_in(path, on=path)
    assert answer.status_code == 409
    assert "Nothing was changed: the key file /k cannot be used" in answer.text
    with stage.open_store() as store:
        assert store.credentials_of(CONTRACT).numbers[0].locked_since is None
