"""Who may log in, with which rights, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.operators import ABSOLUTE, IDLE, Role
from tests.console.server import serving
from tests.console.stage import NAMES, OPERATOR_PASSWORD, Stage
from tests.console.visitor import LogIn, Visitor
from tests.storage.databases import FakeClock

PAGES = ("/", "/calls", "/calls/0001c0ffee00", "/report", "/operators", "/operators/vera/role")


@pytest.mark.parametrize("path", PAGES[:-1])
def test_who_is_not_logged_in_is_led_to_the_login_page(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert visitor.get("/live").status_code == 401


def test_a_login_opens_the_console_with_a_token_that_was_in_no_browser_before(visitor: Visitor) -> None:
    visitor.get("/login")
    before = visitor.cookies["karipass"]
    answer = visitor.log_in("otto")
    assert answer.headers["location"] == "/"
    assert visitor.cookies["karipass"] != before
    assert "calls in progress" in visitor.get("/").text
    assert visitor.get("/login").headers["location"] == "/"


def test_the_cookie_is_for_this_site_and_no_script(visitor: Visitor) -> None:
    cookies = [cookie.lower() for cookie in visitor.log_in("otto").headers.get_list("set-cookie")]
    [cookie] = [cookie for cookie in cookies if cookie.startswith("karipass=")]
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    assert "max-age" not in cookie
    [mark] = [cookie for cookie in cookies if cookie.startswith("karipass-known-otto=")]
    assert {"httponly", "samesite=strict", "path=/login"} <= set(mark.split("; "))
    assert not any("domain" in cookie for cookie in cookies)


@pytest.mark.parametrize(("chosen", "browsers"), [("en", "ja"), ("ja", "en")])
def test_a_language_that_is_chosen_on_the_login_page_stays_after_the_login(
    stage: Stage, address: str, visitor: Visitor, chosen: str, browsers: str
) -> None:
    """It stays although browser and account prefer another, and although a login failed in between."""
    stage.operators.set_language("otto", browsers)
    visitor.headers["accept-language"] = browsers
    assert f'lang="{browsers}"' in visitor.get("/login").text
    visitor.get(f"/login?lang={chosen}")
    assert f'<html lang="{chosen}">' in visitor.log_in("otto", "wrong horse battery").text
    assert f'<html lang="{chosen}">' in visitor.get("/login").text
    assert visitor.log_in("otto").status_code == 303
    assert f'<html lang="{chosen}">' in visitor.get("/").text
    with Visitor(base_url=address) as elsewhere:
        elsewhere.log_in("otto")
        assert f'<html lang="{chosen}">' in elsewhere.get("/").text


def test_a_language_that_was_chosen_is_not_the_next_operators(visitor: Visitor) -> None:
    visitor.get("/login?lang=ja")
    visitor.log_in("otto")
    visitor.fill_in("/language", language="en")
    visitor.fill_in("/logout")
    assert '<html lang="en">' in visitor.get("/login").text
    visitor.log_in("vera")
    assert '<html lang="en">' in visitor.get("/").text


def test_a_language_that_the_console_does_not_speak_is_not_kept(visitor: Visitor) -> None:
    cookies = visitor.get("/login?lang=fr").headers.get_list("set-cookie")
    assert not any("karipass-language" in cookie for cookie in cookies)
    visitor.cookies.set("karipass-language", "fr")
    assert '<html lang="en">' in visitor.get("/login").text


def test_over_https_the_cookie_is_held_to_it(stage: Stage) -> None:
    with serving(stage.config(https=True)) as address, Visitor(base_url=address) as visitor:
        cookie = visitor.get("/login").headers["set-cookie"]
        assert cookie.startswith("__Host-karipass=")
        assert "Secure" in cookie


@pytest.mark.parametrize(
    ("name", "password"), [("otto", "wrong horse battery"), ("nobody", OPERATOR_PASSWORD), ("", "")]
)
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(visitor: Visitor, name: str, password: str) -> None:
    answer = visitor.log_in(name, password)
    assert answer.status_code == 403
    assert "Name and password do not match" in answer.text
    assert visitor.get("/").headers["location"] == "/login"
    if password:
        assert password not in answer.text


def test_a_stranger_shuts_nobody_out_of_the_browser_that_they_use(address: str, visitor: Visitor) -> None:
    """All of them share one address, as behind a proxy."""
    visitor.log_in("otto")
    visitor.fill_in("/logout")
    with Visitor(base_url=address) as stranger:
        for _ in range(6):
            assert stranger.log_in("otto", "wrong horse battery").status_code == 403
        assert stranger.log_in("otto").status_code == 403
    assert visitor.log_in("vera").status_code == 303  # someone who shares the browser takes nothing away
    visitor.fill_in("/logout")
    assert visitor.log_in("otto").status_code == 303


def test_without_operators_the_page_says_how_to_add_one(stage: Stage, visitor: Visitor) -> None:
    for name in NAMES.values():
        stage.operators.remove(name, by="operator root")
    assert "ivr operator add NAME --role admin" in visitor.get("/login").text


def test_logging_out_ends_the_login_for_whoever_has_its_token(visitor: Visitor, address: str) -> None:
    visitor.log_in("otto")
    token = visitor.cookies["karipass"]
    assert visitor.fill_in("/logout").headers["location"] == "/login"
    with Visitor(base_url=address, cookies={"karipass": token}) as thief:
        assert thief.get("/").headers["location"] == "/login"


def test_the_role_and_the_removal_of_an_operator_work_at_once(stage: Stage, logged_in: LogIn) -> None:
    visitor = logged_in(Role.OPERATOR)
    assert visitor.get("/operators").status_code == 403
    stage.operators.set_role("otto", Role.ADMIN, by="operator root")
    assert visitor.get("/operators").status_code == 200
    stage.operators.remove("otto", by="operator root")
    assert visitor.get("/").headers["location"] == "/login"


def test_the_page_speaks_the_browsers_language_and_then_the_operators(visitor: Visitor) -> None:
    assert '<html lang="en">' in visitor.get("/login", headers={"accept-language": "en-GB,ja"}).text
    assert '<html lang="ja">' in visitor.get("/login", headers={"accept-language": "fr,ja;q=0.5"}).text
    assert '<html lang="en">' in visitor.get("/login?lang=en").text
    visitor.log_in("otto")
    assert visitor.fill_in("/language", language="ja", back="/calls").headers["location"] == "/calls"
    assert '<html lang="ja">' in visitor.get("/calls").text


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "x"])
def test_a_form_leads_back_to_nowhere_else(logged_in: LogIn, back: str) -> None:
    answer = logged_in(Role.VIEWER).fill_in("/language", language="en", back=back)
    assert answer.headers["location"] == "/"


class TestTime:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def address(self, stage: Stage, clock: FakeClock) -> Iterator[str]:
        with serving(stage.config(clock=clock)) as address:
            yield address

    def test_a_login_that_is_not_used_ends(self, visitor: Visitor, clock: FakeClock) -> None:
        visitor.log_in("otto")
        for _ in range(3):
            clock.now += IDLE * 0.9
            assert visitor.get("/calls").status_code == 200
        clock.now += IDLE * 1.1
        assert visitor.get("/calls").headers["location"] == "/login"

    def test_a_login_ends_however_much_it_is_used(self, visitor: Visitor, clock: FakeClock) -> None:
        visitor.log_in("otto")
        end = clock.now + ABSOLUTE
        while clock.now < end - IDLE:
            clock.now += IDLE * 0.9
            assert visitor.get("/calls").status_code == 200
        clock.now = end
        assert visitor.get("/calls").headers["location"] == "/login"

    def test_after_five_failures_the_right_password_is_refused_for_a_minute(
        self, visitor: Visitor, clock: FakeClock
    ) -> None:
        for _ in range(5):
            assert visitor.log_in("otto", "wrong horse battery").status_code == 403
        assert visitor.log_in("otto").status_code == 403
        assert visitor.log_in("vera").status_code == 303
        visitor.cookies.clear()
        clock.advance(seconds=61)
        assert visitor.log_in("otto").status_code == 303
