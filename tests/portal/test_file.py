"""One-time passwords of many numbers by CSV: the present state, a rehearsal, then all of it or nothing."""

from __future__ import annotations

import http.client
import time

import httpx
import pytest

from credentials.errors import Problem
from credentials.one_time.rehearsal import WAYS_OUT
from portal.file_problems import told
from tests.portal.conftest import LogIn
from tests.portal.stage import CONTRACT, MANY, MANY_NUMBERS, Stage
from tests.portal.visitor import Visitor, said
from web.texts import read_texts

HEADER = '"number","use","address","confirmation id","confirmation password"\r\n'
GOOD = f'"{MANY_NUMBERS[1]}","1","taro@example.jp","Kakunin77","himitsu42"\r\n'


@pytest.fixture
def holder(stage: Stage, logged_in: LogIn) -> Visitor:
    stage.subscribe(MANY)
    return logged_in(MANY)


def upload(visitor: Visitor, content: bytes) -> httpx.Response:
    """Send a file, and wait for its rehearsal."""
    sent = visitor.post(
        "/one-time/file", data={"csrf": visitor.csrf("/one-time/file")}, files={"file": ("a.csv", content, "text/csv")}
    )
    if sent.status_code != 303:
        return sent
    for _ in range(100):
        answer = visitor.get("/one-time/file/rehearsal")
        if "refresh" not in answer.headers:
            return answer
        time.sleep(0.05)
    raise AssertionError("the rehearsal does not end")


def store(visitor: Visitor, page: httpx.Response) -> httpx.Response:
    draft = page.text.partition('name="draft" value="')[2].partition('"')[0]
    return visitor.fill_in("/one-time/file/store", on="/one-time/file", draft=draft)


def test_the_present_state_comes_as_a_file_that_can_be_sent_back(holder: Visitor) -> None:
    present = holder.get("/one-time/file/present.csv")
    assert present.headers["content-type"].startswith("text/csv")
    assert all(number in present.text for number in MANY_NUMBERS)
    assert "Nothing would change" in said(upload(holder, present.content))


def test_a_file_is_rehearsed_and_then_stored_whole(holder: Visitor, stage: Stage) -> None:
    page = upload(holder, (HEADER + GOOD).encode())
    assert "The settings of 1 numbers would change" in said(page)
    assert "himitsu42" not in page.text
    assert stage.mails(MANY_NUMBERS[1]) == []
    assert "The settings of 1 numbers are changed" in said(store(holder, page))
    [mail] = stage.mails(MANY_NUMBERS[1])
    assert mail["to"] == "taro@example.jp"
    assert '"taro@example.jp","Kakunin77",""' in holder.get("/one-time/file/present.csv").text
    assert "Upload the file again" in said(store(holder, page))


def test_what_is_wrong_is_named_with_row_and_remedy_and_nothing_is_stored(holder: Visitor) -> None:
    bad = f'"{MANY_NUMBERS[2][1:]}","1","a@example.jp","Kakunin1","himitsu42"\r\n"0312345678","0","","",""\r\n'
    page = upload(holder, (HEADER + GOOD + bad).encode("cp932"))
    assert "Row 3 Number: 452000002 has lost its leading 0" in said(page)
    assert "0312345678 is no number of this line" in said(page)
    assert 'name="draft"' not in page.text


def test_formulas_are_shown_as_the_text_that_they_are(holder: Visitor) -> None:
    row = f'"{MANY_NUMBERS[1]}","1","=HYPERLINK(1)","<b>x</b>","himitsu42"\r\n'
    page = upload(holder, (HEADER + row).encode())
    assert "<b>x</b>" not in page.text
    assert 'name="draft"' not in page.text


def test_a_file_of_100_mib_is_refused_before_it_is_read(holder: Visitor) -> None:
    connection = http.client.HTTPConnection(holder.base_url.host, holder.base_url.port or 80, timeout=10)
    connection.putrequest("POST", "/one-time/file")
    connection.putheader("content-type", "multipart/form-data; boundary=x")
    connection.putheader("content-length", str(100 * 1024 * 1024))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert holder.get("/").status_code == 200


def test_a_line_of_few_numbers_has_no_such_page(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT)
    visitor = logged_in()
    for path in ("", "/present.csv", "/rehearsal"):
        assert visitor.get(f"/one-time/file{path}").status_code == 404


@pytest.mark.parametrize("reason", WAYS_OUT.values())
def test_every_rule_has_its_words_in_japanese(reason: str) -> None:
    text = told(read_texts("portal.texts", "ja"), Problem(3, "confirmation id", reason))
    assert text.startswith("3 行目 確認用ID：")
    assert reason not in text
