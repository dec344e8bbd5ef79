"""One-time passwords of many numbers by CSV: the present state, a rehearsal, then all of it or nothing."""

from __future__ import annotations

import csv
import http.client
import re
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from credentials.errors import Problem
from credentials.one_time.rehearsal import WAYS_OUT
from credentials.site.states import NumberState
from portal.file_problems import told
from portal.numbers import written
from tests.portal.conftest import LogIn
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, MANY, MANY_NUMBERS, Stage
from tests.portal.visitor import Visitor, said
from texts.catalogue import read_texts

HEADER = '"number","use","address","confirmation id","confirmation password"\r\n'
MIB = 1024 * 1024
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


@pytest.mark.both_databases
def test_the_present_state_comes_as_a_file_that_can_be_sent_back(holder: Visitor) -> None:
    present = holder.get("/one-time/file/present.csv")
    assert present.headers["content-type"].startswith("text/csv")
    assert all(number in present.text for number in MANY_NUMBERS)
    assert "Nothing would change" in said(upload(holder, present.content))


@pytest.mark.both_databases
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


@pytest.mark.both_databases
def test_numbers_that_share_an_address_get_one_mail_whose_link_confirms_all(holder: Visitor, stage: Stage) -> None:
    rows = "".join(f'"{number}","1","office@example.jp","Kakunin77","himitsu42"\r\n' for number in MANY_NUMBERS[1:])
    own = f'"{MANY_NUMBERS[0]}","1","boss@example.jp","Kakunin77","himitsu42"\r\n'
    stored = store(holder, upload(holder, (HEADER + own + rows).encode()))
    assert "The settings of 40 numbers are changed" in said(stored)
    [mail] = stage.mails("")
    [_] = stage.mails(MANY_NUMBERS[0])
    assert written(MANY_NUMBERS[1]) in mail["body"]
    assert "and 29 more" in mail["body"]
    found = re.search(r"(/confirm/\S+)", mail["body"])
    assert found is not None
    assert written(MANY_NUMBERS[39]) in said(holder.get(found[1]))
    assert "The address is confirmed" in said(holder.fill_in(found[1]))
    waiting = [state for state in all_states(stage) if state.provisional_address is not None]
    assert [state.number for state in waiting] == [MANY_NUMBERS[0]]
    assert sum(state.address == "office@example.jp" for state in all_states(stage)) == 39


@pytest.mark.both_databases
def test_files_flood_nobody(holder: Visitor, stage: Stage) -> None:
    answers = []
    for turn in range(6):
        rows = "".join(
            f'"{number}","1","{"victim" if turn % 2 else "Victim+x"}@example.jp","Kakunin7{turn}","himitsu4{turn}"\r\n'
            for number in MANY_NUMBERS[1:4]
        )
        answers.append(store(holder, upload(holder, (HEADER + rows).encode())))
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "Many mails went to this address" in said(answers[-1])
    assert len(stage.mails("")) == 5


def all_states(stage: Stage) -> tuple[NumberState, ...]:
    return stage.store.credentials_of(MANY).numbers


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


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("/one-time/file", {413}),
        ("/unit/line", {413}),
        ("/login", {413, 400}),  # a page that takes no file may also refuse it as soon as its name has come
    ],
)
def test_a_file_of_100_mib_that_does_not_say_its_length_is_refused_and_kept_nowhere(
    holder: Visitor, path: str, refused: set[int]
) -> None:
    block, sent = bytes(65536), 0

    def file() -> Iterator[bytes]:
        nonlocal sent
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for sent in range(0, 100 * MIB, len(block)):  # noqa: B007 - counted
            yield block

    headers = {"content-type": "multipart/form-data; boundary=x"}
    tracemalloc.start()
    with suppress(httpx.WriteError):  # the connection may be closed while we still send
        assert holder.post(path, content=file(), headers=headers).status_code in refused
    [_, peak] = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > MIB
    assert peak < 12 * MIB
    assert holder.get("/").status_code == 200


def test_what_comes_down_is_no_formula_and_has_no_number_of_another_line(holder: Visitor, stage: Stage) -> None:
    rows = f'"{MANY_NUMBERS[1]}","1","+cmd@example.jp","Kakunin77","himitsu42"\r\n'
    rows += f'"{MANY_NUMBERS[2]}","1","-1+1@example.jp","Kakunin77","himitsu42"\r\n'
    assert "numbers are changed" in said(store(holder, upload(holder, (HEADER + rows).encode())))
    present = holder.get("/one-time/file/present.csv")
    cells = [cell for row in csv.reader(present.text.lstrip("\ufeff").splitlines()) for cell in row]
    assert '="+cmd@example.jp"' in cells
    assert not any(cell.startswith(("+", "-", "@", "\t", "\r")) for cell in cells)
    assert {cell for cell in cells if cell.startswith("0") and len(cell) > 1} == set(MANY_NUMBERS)
    assert set(re.findall(r"0\d{9}", holder.get("/unit/line/numbers.csv").text)) == set(MANY_NUMBERS)


def test_any_process_of_the_site_shows_a_rehearsal_and_stores_it(holder: Visitor, stage: Stage) -> None:
    page = upload(holder, (HEADER + GOOD).encode())
    with serving(stage.config()) as elsewhere, Visitor(elsewhere, cookies=dict(holder.cookies)) as same:
        other = same.get("/one-time/file/rehearsal")
        assert said(other) == said(page)
        assert "The settings of 1 numbers are changed" in said(store(same, other))
    assert holder.get("/one-time/file/rehearsal").headers["location"] == "/one-time/file"


def test_when_the_process_that_rehearsed_has_ended_the_page_says_to_begin_again(holder: Visitor, stage: Stage) -> None:
    assert stage.store.start_rehearsal(holder.cookies["karipass-session"]) is not None
    assert "waits for its turn" in said(holder.get("/one-time/file/rehearsal"))
    assert upload(holder, (HEADER + GOOD).encode()).status_code == 429
    stage.later = timedelta(seconds=16)
    answer = holder.get("/one-time/file/rehearsal")
    assert "refresh" not in answer.headers
    assert "has ended meanwhile. Upload the file again" in said(answer)
    assert "would change" in said(upload(holder, (HEADER + GOOD).encode()))


def test_a_file_that_cannot_be_read_is_explained_also_when_the_page_is_loaded_again(holder: Visitor) -> None:
    for answer in (upload(holder, b"\xff\xfe\xff"), holder.get("/one-time/file/rehearsal")):
        assert answer.status_code == 400
        assert "Save it" in said(answer) or "save it" in said(answer)


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
