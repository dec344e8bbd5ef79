"""Forms that another site sends in an operator's name are refused."""

from __future__ import annotations

import pytest

from console.operators import Role
from tests.console.stage import CONTRACT, Stage, bad_keys
from tests.console.visitor import LogIn, Visitor

POSTS = (
    "/logout",
    "/language",
    "/operators",
    "/operators/vera/role",
    "/operators/vera/password",
    "/operators/vera/remove",
    "/calls/0001c0ffee00/lock",
    "/calls/0001c0ffee00/unlock",
)
FIELDS = {"name": "eve", "role": "admin", "language": "ja", "password": "an easy guess", "again": "an easy guess"}


def is_locked(stage: Stage) -> bool:
    with stage.open_store() as store:
        return any(line.locked for line in store.list_lines() if line.contract_number == CONTRACT)


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_the_sessions_token_changes_nothing(stage: Stage, logged_in: LogIn, path: str) -> None:
    stage.call(bad_keys()[:1], hang_up_s=10)
    admin = logged_in(Role.ADMIN)
    for csrf in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "☃"}):
        answer = admin.post(path, data=FIELDS | csrf)
        assert answer.status_code == 403
        assert "not sent by the console" in answer.text
    assert [operator.name for operator in stage.operators.all()] == ["ada", "otto", "vera"]
    assert admin.get("/operators").status_code == 200
    assert not is_locked(stage)


def test_a_token_of_half_a_character_is_refused_like_any_other(visitor: Visitor) -> None:
    visitor.get("/login")
    form = b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\\ud800\r\n--x--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    assert visitor.post("/login", content=form, headers=headers).status_code == 403


def test_the_token_of_another_session_is_not_taken(logged_in: LogIn) -> None:
    stolen = logged_in(Role.ADMIN).csrf("/operators")
    answer = logged_in(Role.ADMIN).post("/operators/vera/remove", data={"csrf": stolen})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_form_that_the_browser_says_comes_from_elsewhere_is_refused_even_with_the_token(
    stage: Stage, logged_in: LogIn, headers: dict[str, str]
) -> None:
    admin = logged_in(Role.ADMIN)
    answer = admin.post("/operators/vera/remove", data={"csrf": admin.csrf("/operators")}, headers=headers)
    assert answer.status_code == 403
    assert "vera" in [operator.name for operator in stage.operators.all()]


def test_a_form_of_our_own_is_taken(stage: Stage, logged_in: LogIn, address: str) -> None:
    admin = logged_in(Role.ADMIN)
    headers = {"origin": address, "sec-fetch-site": "same-origin"}
    answer = admin.post("/operators/vera/remove", data={"csrf": admin.csrf("/operators")}, headers=headers)
    assert answer.status_code == 303
    assert "vera" not in [operator.name for operator in stage.operators.all()]


def test_nobody_can_be_logged_in_by_another_site(visitor: Visitor) -> None:
    fields = {"name": "otto", "password": "correct horse battery", "csrf": ""}
    assert visitor.post("/login", data=fields).status_code == 403
    assert visitor.get("/").headers["location"] == "/login"


@pytest.mark.parametrize("path", POSTS)
def test_a_link_changes_nothing(logged_in: LogIn, path: str) -> None:
    if path not in ("/operators",):
        assert logged_in(Role.ADMIN).get(path).status_code in (404, 405)
