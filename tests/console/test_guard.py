"""The checks that every request passes before a page."""

from __future__ import annotations

import re

import pytest

from console.operators import Role
from tests.console.server import serving
from tests.console.stage import Stage
from tests.console.visitor import LogIn, Visitor
from web.guard import LONGEST_BODY, host_name


@pytest.mark.parametrize("path", ["/login", "/", "/static/x/console.js", "/nowhere", "/healthz", "/live"])
def test_every_answer_carries_the_headers_that_keep_other_sites_out(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_pages_have_neither_scripts_nor_styles_of_their_own(stage: Stage, logged_in: LogIn) -> None:
    call_id = stage.call((), hang_up_s=3)
    admin = logged_in(Role.ADMIN)
    for path in ("/", "/calls", f"/calls/{call_id}", "/report", "/operators"):
        text = admin.get(path).text
        assert re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?! src=\"/static/)", text) is None


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "", "[::2]:80", "127.0.0.2"])
def test_another_name_than_the_consoles_is_refused(visitor: Visitor, host: str) -> None:
    answer = visitor.get("/login", headers={"host": host})
    assert answer.status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:1234", "LOCALHOST", "[::1]:4576", "console.example"])
def test_the_consoles_names_are_answered_to(stage: Stage, host: str) -> None:
    with serving(stage.config(names=frozenset({"console.example"}))) as address, Visitor(base_url=address) as visitor:
        assert visitor.get("/login", headers={"host": host}).status_code == 200


def test_a_host_header_is_read_without_its_port() -> None:
    assert [host_name(text) for text in ("a:1", "A", "[::1]:2", "[::1]", "")] == ["a", "a", "::1", "::1", ""]


def test_a_long_request_is_refused_whether_it_says_its_length_or_not(visitor: Visitor) -> None:
    long = b"a" * (LONGEST_BODY + 1)
    assert visitor.post("/login", content=long).status_code == 413
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert visitor.post("/login", content=iter([long[:9000], long[:9000]]), headers=kind).status_code == 413
    multipart = {"content-type": "multipart/form-data; boundary=x"}
    assert visitor.post("/login", content=b"--x\r\nno form", headers=multipart).status_code in (400, 403)


def test_what_browsers_keep_is_named_by_its_content(visitor: Visitor) -> None:
    page = visitor.get("/login").text
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert visitor.get("/static/x/../app.py").status_code == 404
