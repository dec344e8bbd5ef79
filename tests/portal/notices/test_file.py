"""The call notices of many numbers by CSV: the present state, a rehearsal, then all or nothing (docs/rules.md 7.6)."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from credentials.model import Unit
from notice.settings import table
from notice.settings.csv_file import COLUMNS, MOST_BYTES
from tests.portal.conftest import LogIn
from tests.portal.notices.happenings import ANN, BEN, choose, chosen
from tests.portal.stage import CONTRACT, MANY, MANY_NUMBERS, SECOND, Stage
from tests.portal.visitor import Visitor, said

FILE = "/notices/file"
FIRST, LAST = MANY_NUMBERS[1], MANY_NUMBERS[-1]


@pytest.fixture
def holder(stage: Stage, logged_in: LogIn) -> Visitor:
    stage.subscribe(MANY)
    return logged_in(MANY)


def upload(visitor: Visitor, content: bytes) -> httpx.Response:
    return visitor.post(FILE, data={"csrf": visitor.csrf(FILE)}, files={"file": ("a.csv", content, "text/csv")})


def store(visitor: Visitor, page: httpx.Response) -> httpx.Response:
    draft = page.text.partition('name="draft" value="')[2].partition('"')[0]
    return visitor.fill_in(f"{FILE}/store", on=FILE, draft=draft)


@pytest.mark.both_databases
def test_the_present_state_is_edited_rehearsed_and_stored(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN, number=FIRST)
    assert "Call notices by file" in said(holder.get("/"))
    present = holder.get(f"{FILE}/present.csv")
    assert present.headers["content-type"] == "text/csv; charset=utf-8"
    text = present.content.decode("utf-8-sig")
    assert text.splitlines()[0] == ",".join(f'"{column}"' for column in COLUMNS)
    assert len(text.splitlines()) == len(MANY_NUMBERS) + 1
    assert "Nothing would change" in said(upload(holder, present.content))
    edited = text.replace(f'"{LAST}"', f'"{LAST}","1","0","1","0","{BEN}","1"').replace(ANN, BEN)
    page = upload(holder, edited.encode("cp932"))
    assert "The settings of 2 numbers would change" in said(page)
    assert BEN in said(page)
    assert not chosen(stage, LAST).version
    answer = store(holder, page)
    assert "The call notices of 2 numbers are changed" in said(answer)
    for number in (FIRST, LAST):
        assert [each.address for each in chosen(stage, number).addresses] == [BEN]
        assert chosen(stage, number).started
    assert chosen(stage, LAST).only_unanswered
    assert "The hour is over, or it was stored already" in said(store(holder, page))


def test_what_is_wrong_is_named_with_row_and_column_and_nothing_is_stored(holder: Visitor, stage: Stage) -> None:
    rows = (
        f"{FIRST},1,,,,a..b@,1\n{LAST},2,x\n{CONTRACT},1,,,,{ANN},1\n4520000003,0\n{LAST},0\n"
        f"{MANY_NUMBERS[5]},,1\n{MANY_NUMBERS[6]},1,,,,{ANN},0\n{MANY_NUMBERS[7]},0" + "," * len(COLUMNS)
    )
    page = upload(holder, rows.encode())
    assert page.status_code == 400
    told = said(page)
    for part in (
        "Address 1: Two dots cannot follow each other",
        "Started: '2' is neither 0 nor 1",
        "Only listed numbers: 'x' is neither 0 nor 1",
        f"Number: {CONTRACT} is no number of this line",
        "4520000003 has lost its leading 0",
        "stands in row 2, too",
        "Started: Write 1 to start the notices, or 0 to stop them",
        "at least one address must be ticked",
        f"and may have {len(COLUMNS)} at most",
    ):
        assert part in told, part
    assert 'name="draft"' not in page.text
    assert not chosen(stage, FIRST).version


def test_numbers_that_were_changed_meanwhile_keep_their_new_settings(holder: Visitor, stage: Stage) -> None:
    page = upload(holder, f"{FIRST},1,,,,{ANN},1".encode())
    choose(stage, BEN, number=FIRST)
    answer = store(holder, page)
    assert answer.status_code == 409
    assert "Some numbers were changed meanwhile" in said(answer)
    assert [each.address for each in chosen(stage, FIRST).addresses] == [BEN]


def test_a_rehearsal_is_good_for_an_hour_in_its_own_session(holder: Visitor, stage: Stage, logged_in: LogIn) -> None:
    page = upload(holder, f"{FIRST},1,,,,{ANN},1".encode())
    other = logged_in(MANY)
    assert store(other, page).status_code == 409
    page = upload(other, f"{FIRST},1,,,,{ANN},1".encode())
    for _ in range(5):
        stage.later += timedelta(minutes=13)
        other.get(FILE)
    assert store(other, page).status_code == 409
    assert not chosen(stage, FIRST).version


def test_a_pause_stays_when_a_file_keeps_its_address(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN, number=FIRST)
    with stage.database.writing() as connection:
        table.pause(connection, FIRST, ANN, stage.now())
    page = upload(holder, f"{FIRST},1,,1,,{ANN},1".encode())
    store(holder, page)
    (address,) = chosen(stage, FIRST).addresses
    assert chosen(stage, FIRST).only_unanswered
    assert address.paused_at is not None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Choose a CSV file"),
        (b"\xff,\x81", "neither UTF-8 nor CP932"),
        (b'"a"b,c', "cannot be read as CSV"),
        (b"number\r\n", "names no number"),
        (b"x" * (MOST_BYTES + 1), "too long"),
    ],
)
def test_what_is_no_such_file_is_refused(holder: Visitor, content: bytes, told: str) -> None:
    answer = upload(holder, content)
    assert answer.status_code == 400
    assert told in said(answer)


def test_an_upload_that_is_far_too_long_is_not_read(holder: Visitor) -> None:
    assert upload(holder, b"x" * (MOST_BYTES + 200_000)).status_code == 413


def test_others_have_no_file(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    stage.subscribe(MANY, FIRST)
    for number in (CONTRACT, SECOND, FIRST):
        visitor = logged_in(number)
        assert "Call notices by file" not in said(visitor.get("/"))
        token = visitor.csrf("/")
        for path in (FILE, f"{FILE}/present.csv"):
            assert visitor.get(path).status_code == 404
        sent = visitor.post(FILE, data={"csrf": token}, files={"file": ("a.csv", b"1", "text/csv")})
        assert sent.status_code == 404
        assert visitor.post(f"{FILE}/store", data={"csrf": token, "draft": "x"}).status_code == 404


def test_a_forged_upload_changes_nothing(holder: Visitor) -> None:
    content = f"{FIRST},1,,,,{ANN},1".encode()
    assert holder.post(FILE, files={"file": ("a.csv", content, "text/csv")}).status_code == 403
