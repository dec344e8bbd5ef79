"""The page of call notices: calls, the delivery of each mail, and paused addresses (docs/rules.md 7.5)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from console.operators import Role
from console.pages.notices import AT_ONCE
from tests.console.notices.happenings import ANN, BEN, CALL, CALLER, FOREIGN, WORDS, Notices, furnish, nth
from tests.console.stage import ADDITIONAL, CONTRACT, Stage
from tests.console.visitor import LogIn, Visitor


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, empty_stage: Stage) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("notices"), copy_of=empty_stage)
    furnish(stage)
    stage.close()
    return stage


@pytest.fixture
def stage(tmp_path: Path, furnished: Stage) -> Iterator[Stage]:
    stage = Stage(tmp_path, copy_of=furnished)
    yield stage
    stage.close()


def rows(page: str) -> list[str]:
    """Return the rows of the page's calls as plain text, each from the called number on."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    plain = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in body.split("</tr>")[:-1]]
    return [html.unescape(row.split(" ", 2)[2]) for row in plain]


def asked(visitor: Visitor, **query: str) -> list[str]:
    answer = visitor.get("/notices", params=query)
    assert answer.status_code == 200
    return rows(answer.text)


def older(page: str) -> str | None:
    found = re.search(r'class="button" href="(/notices\?[^"]*)"', page)
    return None if found is None else found[1].replace("&amp;", "&")


def test_each_call_says_who_called_and_what_became_of_it_and_of_its_mails(logged_in: LogIn) -> None:
    payphone, forwarded, answered, anonymous, busy, missed, withheld = asked(logged_in(Role.OPERATOR))
    assert payphone.startswith(f"{CONTRACT} No number: payphone 12 s not answered on its way {ANN} since 20")
    assert BEN not in payphone
    assert forwarded == (f"0661234567 {CONTRACT} 12 s forwarded no mail Call notices were not set for this number.")
    assert answered == (
        f"{ADDITIONAL} {CALLER} 12 s answered no mail Only calls that were not answered were wanted, and this one was"
        " answered."
    )
    assert anonymous == (
        f"{CONTRACT} No number: withheld by the caller 12 s refused by another service no mail Anonymous call"
        " rejection refused the call: there is no mail about such calls."
    )
    assert busy.startswith(f"{CONTRACT} {FOREIGN} 12 s busy on its way {ANN} since 20")
    assert "The mail server asked to try again later. It is tried again on 20" in busy
    assert missed.startswith(f"{CONTRACT} {CALLER} 12 s not answered sent {ANN} 20")
    assert f"refused {BEN} 20" in missed
    assert "The mail server does not know this address. The mail server's words: 550 5.1.1" in missed
    assert "not known not answered" in withheld


def test_paused_addresses_are_shown_until_the_subscriber_takes_them_up(stage: Stage, logged_in: LogIn) -> None:
    operator = logged_in(Role.OPERATOR)
    page = operator.get("/notices").text
    assert "1 address is paused" in page
    assert "After 3 refusals in a row" in page
    assert re.search(rf'<li><span class="number">{CONTRACT}</span> <b>{BEN}</b>', page)
    assert "1 address is paused" in operator.get(f"/notices?number={CONTRACT}").text
    assert "is paused" not in operator.get(f"/notices?number={ADDITIONAL}").text
    Notices(stage).choose(CONTRACT, ANN)
    assert "is paused" not in operator.get("/notices").text


def test_calls_are_found_by_number_and_time(logged_in: LogIn) -> None:
    operator = logged_in(Role.OPERATOR)
    assert len(asked(operator, number="03-1234-5679")) == 1
    assert len(asked(operator, number=CONTRACT)) == 6  # once as the calling number
    assert len(asked(operator, number=FOREIGN)) == len(asked(operator, number="44 2071 838750")) == 1
    began = (CALL.began_at - timedelta(minutes=2)).astimezone()
    local = began.replace(tzinfo=None).isoformat(timespec="seconds")
    assert len(asked(operator, since=local)) == 3
    assert len(asked(operator, until=local)) == 4
    assert asked(operator, until=local, number=ADDITIONAL) == []
    assert "No call matches" in operator.get("/notices?number=0459998888").text


@pytest.mark.parametrize("query", ["number=abc", "number=12", "since=yesterday", f"number={'0' * 300}"])
def test_what_cannot_be_searched_for_is_named(logged_in: LogIn, query: str) -> None:
    answer = logged_in(Role.OPERATOR).get(f"/notices?{query}")
    assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)
    assert len(answer.text) < 20_000


@pytest.mark.parametrize("value", ["x" * 30_000, "a\0b", "a\nb"], ids=["long", "nul", "newline"])
def test_what_no_address_can_ask_for_is_refused(logged_in: LogIn, value: str) -> None:
    operator = logged_in(Role.OPERATOR)
    for name in ("since", "until", "after"):
        assert operator.get("/notices", params={name: value}).status_code == 400


def test_older_calls_are_a_page_away_also_those_of_one_moment(stage: Stage, logged_in: LogIn) -> None:
    at_once = [replace(nth(600, number=ADDITIONAL), call=f"y-1.{place}") for place in range(2 * AT_ONCE + 5)]
    ids, seen = Notices(stage).post(*at_once), list[str]()
    operator, path = logged_in(Role.OPERATOR), f"/notices?number={ADDITIONAL}&until=2099-01-01T00:00"
    while path:
        page = operator.get(path).text
        seen += re.findall(r'<tr id="(\w+)"', page)
        path = older(page) or ""
    assert len(seen) == len(set(seen)) == len(ids) + 1
    assert set(ids) <= set(seen)
    assert "Back to the newest" in page


def test_a_viewer_sees_neither_numbers_nor_addresses_and_cannot_search_by_them(stage: Stage, logged_in: LogIn) -> None:
    viewer = logged_in(Role.VIEWER)
    page = viewer.get(f"/notices?number={quote(CALLER)}").text
    assert len(rows(page)) == len(asked(viewer)) == 7
    assert 'name="number"' not in page
    for told in (CONTRACT, ADDITIONAL, FOREIGN, ANN, BEN, "tanaka", WORDS, "no such user"):
        assert told not in page
    assert "031*****78 045*****43 12 s not answered sent a***@m***.jp" in " ".join(rows(page))
    assert "<b>b***@o***.jp</b>" in page
    assert "The mail server does not know this address." in page


def test_operators_get_there_from_the_navigation_and_from_a_line(logged_in: LogIn) -> None:
    operator = logged_in(Role.OPERATOR)
    assert 'href="/notices"' in operator.get("/").text
    assert f'href="/notices?number={ADDITIONAL}"' in operator.get(f"/lines?number={ADDITIONAL}").text


def test_both_languages_have_it(stage: Stage, logged_in: LogIn) -> None:
    stage.operators.set_language("otto", "ja")
    page = logged_in(Role.OPERATOR).get("/notices").text
    for word in (
        "着信のお知らせ",
        "番号なし（公衆電話）",
        "送信済み",
        "一時停止中のアドレスが1件あります",
        "ほかのサービスで拒否",
    ):
        assert word in page
