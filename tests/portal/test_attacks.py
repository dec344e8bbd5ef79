"""What strangers try, and what one subscriber tries on another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from credentials.model import Unit
from tests.portal.conftest import LogIn
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, MANY, OTHER_LINE, PASSWORD, SECOND, TEMPORARY, THIRD, Stage
from tests.portal.visitor import Visitor, said

POSTS = (
    "/logout",
    "/stay",
    "/password",
    f"/numbers/{SECOND}/password",
    "/one-time/use",
    "/one-time/decline",
    "/one-time/address",
    "/one-time/confirmation-id",
    "/unit/line",
    "/history/1/not-me",
    "/sessions/end",
)
NEW = "z8k2m9x4"
FIELDS = {"current": PASSWORD, "new": NEW, "again": NEW, "agreed": "yes", f"password-{CONTRACT}": PASSWORD}
ELSEWHERE = (
    {"origin": "https://elsewhere.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "none"},
)
PAGES = ("/", "/numbers", f"/numbers/{SECOND}", "/password", "/one-time", "/unit", "/unit/line", "/history")


@pytest.fixture(scope="module")
def subscribed(tmp_path_factory: pytest.TempPathFactory, empty_stage: Stage) -> Stage:
    """Give the numbers of a line their passwords."""
    stage = Stage(tmp_path_factory.mktemp("subscribed"), copy_of=empty_stage)
    stage.subscribe(CONTRACT, SECOND, THIRD, unit=Unit.ADMIN_USER)
    stage.close()
    return stage


@pytest.fixture
def stage(tmp_path: Path, empty_stage: Stage, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Return the stage of a test: with the line's passwords where somebody logs in as its administrator."""
    logs_in = "admin" in request.fixturenames
    stage = Stage(tmp_path, copy_of=request.getfixturevalue("subscribed") if logs_in else empty_stage)
    yield stage
    stage.close()


@pytest.fixture
def admin(logged_in: LogIn) -> Visitor:
    return logged_in()


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("csrf", [None, "", "0" * 64, "☃"])
def test_a_form_without_the_sessions_token_changes_nothing(
    admin: Visitor, stage: Stage, path: str, csrf: str | None
) -> None:
    answer = admin.post(path, data=FIELDS | ({} if csrf is None else {"csrf": csrf}))
    assert answer.status_code == 403
    assert admin.get("/").status_code == 200
    assert stage.store.log_in(CONTRACT, PASSWORD, session_id="x").verdict.accepted


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_form_that_comes_from_elsewhere_is_refused_even_with_the_token(
    admin: Visitor, headers: dict[str, str]
) -> None:
    data = FIELDS | {"csrf": admin.csrf("/password")}
    assert admin.post("/password", data=data, headers=headers).status_code == 403
    assert admin.post("/login", data={"number": CONTRACT, "secret": PASSWORD}, headers=headers).status_code == 403


@pytest.mark.parametrize("path", POSTS)
def test_a_link_changes_nothing(admin: Visitor, stage: Stage, path: str) -> None:
    assert admin.get(path, params=FIELDS).status_code in (200, 404, 405)
    assert admin.get("/").status_code == 200
    assert stage.store.log_in(CONTRACT, PASSWORD, session_id="x").verdict.accepted


def test_a_session_that_a_stranger_fixed_is_not_the_one_that_is_logged_in(stage: Stage, address: str) -> None:
    stage.subscribe(CONTRACT)
    with Visitor(address) as victim, Visitor(address) as stranger:
        fixed = "a" * 43
        victim.cookies.set("karipass-session", fixed, domain="127.0.0.1", path="/")
        victim.cookies.set("karipass-visitor", fixed, domain="127.0.0.1", path="/")
        victim.log_in()
        assert victim.cookies["karipass-session"] != fixed
        stranger.cookies.set("karipass-session", fixed)
        assert stranger.get("/").headers["location"] == "/login"


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "", "[::2]:80"])
def test_another_hosts_name_is_not_answered_to(visitor: Visitor, host: str) -> None:
    assert visitor.get("/login", headers={"host": host}).status_code in (400, 421)


def test_links_in_mails_never_come_from_a_host_header(admin: Visitor, stage: Stage) -> None:
    fields = {"address": "taro@example.jp", "confirmation-id": "Kakunin77", "confirmation-password": "himitsu42"}
    page = admin.post(
        "/one-time/use", data=fields | {"csrf": admin.csrf("/one-time/use")}, headers={"host": "localhost:99"}
    )
    mark = re.search(r'name="reviewed" value="(\w+)"', page.text)
    assert mark is not None
    data = fields | {"csrf": admin.csrf("/one-time/use"), "reviewed": mark[1]}
    assert admin.post("/one-time/use", data=data, headers={"host": "localhost:99"}).status_code == 303
    assert "https://settings.example.jp/confirm/" in stage.mails()[-1]["body"]
    assert "localhost" not in stage.mails()[-1]["body"]


@pytest.mark.both_databases
def test_an_older_browser_is_told_of_a_newer_login_also_by_another_process(stage: Stage, address: str) -> None:
    stage.subscribe(CONTRACT)
    with serving(stage.config()) as elsewhere, Visitor(address) as old, Visitor(elsewhere) as new:
        old.log_in()
        csrf = old.csrf("/password")
        new.log_in()
        answer = old.post("/password", data=FIELDS | {"csrf": csrf})
        assert answer.status_code == 403
        assert "A newer login with this number was made on" in said(answer)
        assert "Was that not you?" in said(answer)
        assert new.get("/").status_code == 200
        assert stage.store.log_in(CONTRACT, PASSWORD, session_id="x").verdict.accepted


@pytest.mark.both_databases
def test_what_was_half_logged_in_ends_with_a_newer_login_too(stage: Stage, address: str) -> None:
    stage.call()
    with Visitor(address) as old, Visitor(address) as new:
        old.log_in(secret=TEMPORARY)
        csrf = old.csrf("/password/renew")
        new.log_in(secret=TEMPORARY)
        data = {"csrf": csrf, "current": TEMPORARY, "new": PASSWORD, "again": PASSWORD}
        assert "A newer login" in said(old.post("/password/renew", data=data))
        assert not stage.store.log_in(CONTRACT, PASSWORD, session_id="x").verdict.accepted


@pytest.mark.parametrize("number", [OTHER_LINE, "0661234568", "0399999999", "x", "%00", "0" * 300, "..%2f.."])
@pytest.mark.parametrize("rest", ["", "/password", "/one-time", "/one-time/use", "/one-time/decline"])
def test_a_number_of_another_line_is_like_one_that_nobody_has(
    admin: Visitor, stage: Stage, number: str, rest: str
) -> None:
    path = f"/numbers/{number}{rest}"
    assert admin.get(path).status_code == 404
    assert admin.post(path, data=FIELDS | {"csrf": admin.csrf("/password")}).status_code == 404


def test_no_page_shows_a_number_of_another_line(admin: Visitor, stage: Stage) -> None:
    stage.subscribe(OTHER_LINE)
    for path in PAGES:
        answer = admin.get(path)
        assert answer.status_code == 200
        assert OTHER_LINE not in answer.text
        assert "06-6123" not in answer.text


@pytest.mark.both_databases
def test_a_user_reads_and_changes_no_other_number_of_its_line(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    user = logged_in(SECOND)
    for path in PAGES:
        assert CONTRACT not in user.get(path).text, path
    assert user.get("/numbers").status_code == 404
    assert user.get(f"/numbers/{CONTRACT}/password").status_code == 404
    assert user.fill_in(f"/numbers/{CONTRACT}/password", on="/password", **FIELDS).status_code == 404
    assert stage.store.log_in(CONTRACT, PASSWORD, session_id="x").verdict.accepted


def test_a_form_of_10000_fields_and_a_long_one_are_refused(visitor: Visitor) -> None:
    csrf = visitor.csrf("/login")
    many = {"csrf": csrf} | {f"f{place}": "" for place in range(10_000)}
    assert visitor.post("/login", data=many).status_code in (400, 413)
    assert visitor.post("/login", data={"csrf": csrf} | {f"{place}": "" for place in range(100)}).status_code == 400
    long = visitor.post("/login", data={"csrf": csrf, "number": CONTRACT, "secret": "x" * 20_000})
    assert long.status_code == 413
    assert visitor.get("/login").status_code == 200


def test_a_form_of_10000_fields_with_a_file_is_refused_too(admin: Visitor) -> None:
    csrf = admin.csrf("/unit/line")
    many = {"csrf": csrf} | {f"f{place}": "" for place in range(10_000)}
    files = {"file": ("a.csv", b"x", "text/csv")}
    assert admin.post("/unit/line", data=many, files=files).status_code in (400, 413)
    assert admin.post("/unit/line", data={"csrf": csrf}, files=files | {"more": files["file"]}).status_code == 400
    assert admin.get("/").status_code == 200


def test_no_search_finds_a_number_of_another_line(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(MANY, OTHER_LINE)
    visitor = logged_in(MANY)
    for part in (OTHER_LINE, "06", "*", "0661234568"):
        assert "06-6123" not in said(visitor.get("/numbers", params={"part": part}))


@pytest.mark.parametrize("text", ["\x00", "\ud800", "'; drop table lines; --", "<script>alert(1)</script>", "x" * 5000])
def test_any_text_can_be_typed_at_the_login(visitor: Visitor, text: str) -> None:
    typed = text.encode("utf-8", "surrogatepass").decode("latin-1")
    fields = {"csrf": visitor.csrf("/login"), "number": typed, "secret": typed}
    answer = visitor.post("/login", data=fields)
    assert answer.status_code in (400, 403, 413)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", ["/login", "/", "/static/x/portal.js", "/nowhere", "/healthz", "/session"])
def test_every_answer_keeps_other_sites_and_scripts_of_pages_out(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["cache-control"] == "no-store"


def test_pages_have_neither_scripts_nor_styles_of_their_own(admin: Visitor) -> None:
    for path in (*PAGES, "/one-time/use", "/one-time/decline"):
        text = admin.get(path).text
        assert re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?! src=\"/static/)", text) is None


def cookies_of(answer: httpx.Response) -> list[str]:
    return answer.headers.get_list("set-cookie")


def test_over_https_cookies_are_for_this_host_and_https_alone(stage: Stage) -> None:
    stage.subscribe(CONTRACT)
    with serving(stage.config(https=True)) as address, Visitor(address) as visitor:
        page = visitor.get("/login")
        assert "max-age=31536000" in page.headers["strict-transport-security"]
        [cookie] = cookies_of(page)
        assert cookie.startswith("__Host-karipass-visitor=")
        assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))


def test_a_page_back_to_another_site_is_not_gone_to(admin: Visitor) -> None:
    for back in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"):
        assert admin.fill_in("/stay", on="/", back=back).headers["location"] == "/"


def test_a_search_with_many_asterisks_ends_at_once(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(MANY)
    visitor = logged_in(MANY)
    assert visitor.get("/numbers", params={"part": "*" * 24}).status_code == 200
    assert visitor.get("/numbers", params={"part": "0*" * 12}).status_code == 200
    assert visitor.get("/numbers", params={"part": "0*" * 50}).status_code == 400
    assert visitor.get("/numbers", params={"part": "x", "page": "-1"}).status_code == 400
