"""Logging in: what is folded, what a refusal says, and the password that has to be changed first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.portal.conftest import LogIn
from tests.portal.stage import CONTRACT, PASSWORD, SECOND, SINGLE, TEMPORARY, Stage
from tests.portal.visitor import Visitor, said


@pytest.mark.both_databases
def test_the_first_login_leads_to_a_password_and_to_the_menu(stage: Stage, visitor: Visitor) -> None:
    stage.call()
    assert visitor.log_in(secret=TEMPORARY).headers["location"] == "/"
    assert visitor.get("/").headers["location"] == "/password/renew"
    page = visitor.get("/password/renew")
    assert "for the first login only" in said(page)
    changed = visitor.change_password("/password/renew", TEMPORARY, PASSWORD)
    assert changed.headers["location"] == "/login?done=password"
    assert "good for 60 days" in said(visitor.get("/login?done=password"))
    assert visitor.log_in().headers["location"] == "/"
    assert visitor.get("/").headers["location"] == "/one-time/choose"
    assert visitor.fill_in("/one-time/decline", agreed="yes").headers["location"] == "/one-time?done=off"
    assert "03-1234-5678" in said(visitor.get("/"))


@pytest.mark.parametrize("typed", ["03-1234-5678", " 03 1234 5678 ", "０３－１２３４－５６７８", "+81 3 1234 5678"])
def test_a_number_is_understood_as_people_write_it(stage: Stage, visitor: Visitor, typed: str) -> None:
    stage.subscribe(CONTRACT)
    assert visitor.log_in(typed).status_code == 303


def test_a_temporary_password_may_be_typed_in_full_width(stage: Stage, visitor: Visitor) -> None:
    stage.call()
    assert visitor.log_in(secret="２４６８１３５７").status_code == 303


def test_what_is_no_number_is_named_beside_the_field(visitor: Visitor) -> None:
    answer = visitor.log_in("12345", PASSWORD)
    assert answer.status_code == 400
    assert "10 or 11 digits" in said(answer)
    assert 'value="12345"' in answer.text
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.both_databases
def test_all_refusals_say_the_same_and_what_always_helps(stage: Stage, visitor: Visitor) -> None:
    stage.subscribe(CONTRACT, SECOND)
    stage.call("0661234568")
    stage.subscribe("0661234567")
    stage.store.lock_line("0661234567")
    stage.call(SINGLE)
    stage.later = timedelta(hours=25)
    refusals = {
        "wrong": visitor.log_in(CONTRACT, "wrong999"),
        "unknown": visitor.log_in("0399999999", PASSWORD),
        "no password": visitor.log_in("0312345680", PASSWORD),
        "expired": visitor.log_in(SINGLE, TEMPORARY),
        "locked": visitor.log_in("0661234567", PASSWORD),
    }
    assert {answer.status_code for answer in refusals.values()} == {403}
    texts = {said(answer) for answer in refusals.values()}
    assert len(texts) == 1
    assert "set a temporary password by telephone" in texts.pop()
    for answer in refusals.values():
        assert 'href="tel:0363044747"' in answer.text
        assert "03-6304-4747" in answer.text


@pytest.mark.both_databases
def test_a_throttled_try_is_told_to_wait(stage: Stage, visitor: Visitor) -> None:
    stage.subscribe(CONTRACT)
    for _ in range(2):
        assert visitor.log_in(secret="wrong999").status_code == 403
    answer = visitor.log_in()
    assert answer.status_code == 429
    assert "Wait a minute" in said(answer)
    stage.later = timedelta(seconds=61)
    assert visitor.log_in().status_code == 303


def test_throttling_says_the_same_of_a_number_that_nobody_has(visitor: Visitor) -> None:
    for _ in range(2):
        assert visitor.log_in("0399999999").status_code == 403
    told = said(visitor.log_in("0399999999"))
    assert "Wait a minute" in told


@pytest.mark.both_databases
def test_an_expired_password_has_to_be_changed_first(stage: Stage, visitor: Visitor) -> None:
    stage.subscribe(CONTRACT)
    stage.later = timedelta(days=61)
    assert visitor.log_in().status_code == 303
    for path in ("/", "/unit", "/password", "/numbers", "/unit/line"):
        assert visitor.get(path).headers["location"] == "/password/renew"
    assert "60 days" in said(visitor.get("/password/renew"))
    assert visitor.change_password("/password/renew", PASSWORD, "z8k2m9x4").status_code == 303
    assert visitor.log_in(secret="z8k2m9x4").status_code == 303
    assert visitor.get("/").status_code == 200


def test_every_broken_rule_is_named_beside_the_field(stage: Stage, visitor: Visitor) -> None:
    stage.call()
    visitor.log_in(secret=TEMPORARY)
    answer = visitor.change_password("/password/renew", TEMPORARY, "1111")
    assert answer.status_code == 400
    for told in ("8 to 12 characters.", "Digits alone", "four or more times", "Nothing is changed yet"):
        assert told in said(answer)
    assert "1111" not in answer.text
    answer = visitor.change_password("/password/renew", TEMPORARY, PASSWORD, "another1")
    assert "The two entries differ" in said(answer)
    answer = visitor.change_password("/password/renew", "13572468", PASSWORD)
    assert "not the current password" in said(answer)


def test_who_is_logged_in_needs_no_login_page(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT)
    assert logged_in().get("/login").headers["location"] == "/"


@pytest.mark.both_databases
def test_logging_out_ends_the_session_in_the_store(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT)
    visitor = logged_in()
    kept = dict(visitor.cookies)
    assert visitor.fill_in("/logout", on="/").headers["location"] == "/login?done=logged_out"
    assert visitor.get("/").headers["location"] == "/login"
    visitor.cookies.update(kept)
    assert visitor.get("/").headers["location"] == "/login"


@pytest.mark.parametrize(("language", "title"), [("ja", "ログイン"), ("en", "Log in"), ("fr", "ログイン")])
def test_the_site_speaks_the_browsers_language_and_japanese_first(address: str, language: str, title: str) -> None:
    with Visitor(address, language=language) as visitor:
        assert f"<h1>{title}</h1>" in visitor.get("/login").text


def test_a_chosen_language_is_kept(visitor: Visitor) -> None:
    assert "ログイン" in said(visitor.get("/login?lang=ja"))
    assert "ログイン" in said(visitor.get("/login"))
