"""The page "Why no mail?": each call of a number with what came of it (docs/rules.md 7.5)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from credentials.model import Unit
from mail.outbox import Reason
from notice.calls.judging import Result
from notice.journal.caller import Caller
from notice.journal.caller import Reason as NoNumber
from notice.journal.lines import Service
from notice.settings.model import Listed
from portal.pages.notices.calls import ON_A_PAGE
from tests.portal.conftest import LogIn
from tests.portal.notices.happenings import ANN, BEN, CALLER, call, choose, deliver, refuse_until_paused
from tests.portal.stage import CONTRACT, OTHER_LINE, SECOND, Stage
from tests.portal.visitor import Visitor, said

CALLS = "/notices/calls"
LISTED = (Listed(number=CALLER, name="Tanaka"),)


@pytest.fixture
def holder(stage: Stage, logged_in: LogIn) -> Visitor:
    stage.subscribe(CONTRACT, unit=Unit.LINE)
    return logged_in()


def test_a_call_without_settings_says_that_nothing_was_set(holder: Visitor, stage: Stage) -> None:
    assert "There were no calls" in said(holder.get(CALLS))
    call(stage)
    told = said(holder.get(CALLS))
    assert "045-987-6543" in told
    assert "rang for 12 s · not answered" in told
    assert "Call notices were not set for this number" in told


@pytest.mark.both_databases
def test_a_mailed_call_says_to_whom_and_when_the_server_took_it(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN, BEN, listed=LISTED)
    call(stage)
    told = said(holder.get(CALLS))
    assert "045-987-6543 Tanaka" in told
    assert told.count("on its way since") == 2
    deliver(stage)
    told = said(holder.get(CALLS))
    for address in (ANN, BEN):
        assert re.search(rf"{address} sent the mail server took it on \d+ \w+ \d+, \d\d:\d\d", told), told


def test_a_refused_mail_says_why(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN)
    call(stage)
    deliver(stage, refuse=Reason.NOT_ACCEPTED, reply="554 5.7.1 policy")
    told = said(holder.get(CALLS))
    assert "The mail server does not accept our mails" in told
    assert "554 5.7.1 policy" in told


@pytest.mark.parametrize(
    ("settings", "happened", "why"),
    [
        ({"started": False}, {}, "Call notices were stopped"),
        ({"only_listed": True}, {}, "this one was not listed"),
        ({"only_listed": True, "listed": LISTED}, {"caller": Caller("", NoNumber.WITHHELD)}, "this call had no number"),
        ({"only_unanswered": True}, {"result": Result.ANSWERED}, "this one was answered"),
        ({}, {"result": Result.REFUSED, "service": Service.ANONYMOUS}, "Anonymous call rejection refused"),
        ({}, {"result": Result.REFUSED, "service": Service.NUISANCE}, "The nuisance call list refused"),
        ({}, {"result": Result.FORWARDING_FAILED}, "could not reach that number"),
        ({"together": True}, {}, "waits for a minute"),
    ],
)
def test_what_kept_a_mail_back_is_named(
    holder: Visitor, stage: Stage, settings: dict[str, Any], happened: dict[str, Any], why: str
) -> None:
    choose(stage, ANN, **settings)
    call(stage, **happened)
    assert why in said(holder.get(CALLS))
    assert stage.mails() == []


def test_a_pause_is_named(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN)
    refuse_until_paused(stage)
    stage.later += timedelta(minutes=1)
    call(stage)
    assert "All ticked addresses were paused" in said(holder.get(CALLS))


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (NoNumber.WITHHELD, "withheld by the caller"),
        (NoNumber.PAYPHONE, "payphone"),
        (NoNumber.SERVICE_CONFLICT, "conflict with another service"),
        (NoNumber.UNAVAILABLE, "not available"),
    ],
)
def test_a_call_without_a_number_shows_the_reason(holder: Visitor, stage: Stage, reason: NoNumber, shown: str) -> None:
    call(stage, caller=Caller("", reason))
    assert f"No number: {shown}" in said(holder.get(CALLS))


def test_a_number_of_another_country_is_shown_as_it_is(holder: Visitor, stage: Stage) -> None:
    call(stage, caller=Caller("+14155550100"), ringing_ms=None)
    told = said(holder.get(CALLS))
    assert "+14155550100" in told
    assert "ringing not known" in told


def test_many_calls_come_in_pages_the_newest_first(holder: Visitor, stage: Stage) -> None:
    now = stage.now()
    callers = [f"04512300{place:02}" for place in range(2 * ON_A_PAGE + 3)]
    for place, caller in enumerate(callers):
        call(stage, caller=Caller(caller), began_at=now - timedelta(minutes=place // 2))
    seen: list[str] = []
    path, pages = CALLS, 0
    while path:
        answer = holder.get(path)
        pages += 1
        seen += re.findall(r"045-123-00\d\d", said(answer))
        found = re.search(r'rel="next" href="([^"]+)"', answer.text)
        path = found[1] if found else ""
    assert pages == 3
    assert sorted(number.replace("-", "") for number in seen) == callers


def test_an_id_of_nothing_or_of_another_shows_nothing(holder: Visitor, stage: Stage) -> None:
    call(stage)
    call(stage, OTHER_LINE, caller=Caller("0459999999"))
    for after in ("x", "'; drop table notice_calls; --", "x" * 5000, "%00"):
        answer = holder.get(CALLS, params={"after": after})
        assert answer.status_code == 200
        assert "0459999999" not in answer.text.replace("-", "")


def test_calls_are_seen_by_those_alone_who_manage_the_number(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    call(stage, caller=Caller("0451111111"))
    call(stage, SECOND, caller=Caller("0452222222"))
    administrator, user = logged_in(), logged_in(SECOND)
    assert "045-222-2222" in said(administrator.get(f"/numbers/{SECOND}{CALLS}"))
    own = said(user.get(CALLS))
    assert "045-222-2222" in own
    assert "045-111-1111" not in own
    assert user.get(f"/numbers/{CONTRACT}{CALLS}").status_code == 404
