"""The pages that show and change a number's call notices (docs/rules.md 7.1)."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from credentials.model import Unit
from mail.outbox import Reason
from mail.outbox.schema import letters
from notice.settings.model import MOST_LISTED, Address, Listed
from tests.portal.conftest import LogIn
from tests.portal.notices.happenings import (
    ANN,
    BEN,
    call,
    choose,
    chosen,
    come_back,
    deliver,
    refuse_until_paused,
)
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, MANY, MANY_NUMBERS, OTHER_LINE, SECOND, THIRD, Stage
from tests.portal.visitor import Visitor, said

HOME = "/notices"
PAGES = ("", "/addresses", "/conditions", "/listed", "/calls")


@pytest.fixture
def holder(stage: Stage, logged_in: LogIn) -> Visitor:
    stage.subscribe(CONTRACT, unit=Unit.LINE)
    return logged_in()


def send(visitor: Visitor, form: str, *, home: str = HOME, **fields: str) -> httpx.Response:
    """Send a form with the token and the version that its page has."""
    page = visitor.get(f"{home}/{form}" if form in ("addresses", "conditions", "listed") else home).text
    version = page.partition('name="version" value="')[2].partition('"')[0]
    token = page.partition("<main")[2].partition('name="csrf" value="')[2].partition('"')[0]
    return visitor.post(f"{home}/{form}", data={"csrf": token, "version": version} | fields)


def fields(prefix: str, *values: str) -> dict[str, str]:
    return {f"{prefix}-{place}": value for place, value in enumerate(values, start=1)}


@pytest.mark.both_databases
def test_a_subscriber_adds_an_address_and_starts(holder: Visitor, stage: Stage) -> None:
    assert "Call notices" in said(holder.get("/"))
    shown = said(holder.get(HOME))
    assert "stopped" in shown
    assert "To start, at least one address must be ticked" in shown
    refused = send(holder, "start")
    assert refused.status_code == 400
    assert "at least one address must be ticked" in said(refused)
    assert not chosen(stage).started
    answer = send(holder, "addresses", **fields("address", ANN, "", BEN), **{"send-1": "yes"})
    assert answer.headers["location"] == f"{HOME}?done=addresses"
    assert chosen(stage).addresses == (Address(address=ANN), Address(address=BEN, ticked=False))
    assert send(holder, "start").headers["location"] == f"{HOME}?done=started"
    shown = said(holder.get(f"{HOME}?done=started"))
    assert "Call notices are started" in shown
    assert "2 of 5 addresses" in shown
    call(stage)
    assert deliver(stage) == [ANN]
    assert "Last notice: the mail server took it on" in said(holder.get(HOME))
    assert send(holder, "stop").headers["location"] == f"{HOME}?done=stopped"
    assert not chosen(stage).started


def test_each_rule_that_an_address_breaks_is_named_beside_it(holder: Visitor, stage: Stage) -> None:
    answer = send(holder, "addresses", **fields("address", ANN, ".a..b@", ANN.upper(), "日本@example.jp", "a&b"))
    assert answer.status_code == 400
    told = said(answer)
    for part in (
        "Two dots cannot follow each other",
        "Something must stand after the @",
        "The first character cannot be a dot",
        "This address stands above already",
        "It has characters that cannot be used: 日 本",
        "It has characters that cannot be used: &",
        "Write exactly one @",
    ):
        assert part in told, part
    assert ".a..b@" in answer.text
    assert chosen(stage).addresses == ()


def test_faults_stand_beside_their_rows_even_where_rows_before_are_empty(holder: Visitor) -> None:
    answer = send(holder, "addresses", **fields("address", "", "", "a@"))
    assert 'id="address-3-errors"' in answer.text
    answer = send(holder, "listed", **fields("number", "", "03-1234-5678"))
    assert "without hyphens" in said(answer)
    assert 'id="number-1-errors"' in answer.text
    assert 'value="03-1234-5678"' in answer.text


def test_while_started_one_address_stays_ticked(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN)
    answer = send(holder, "addresses", **fields("address", ANN))
    assert answer.status_code == 400
    assert "While notices are started, at least one address must be ticked" in said(answer)
    assert chosen(stage).addresses[0].ticked


def test_conditions_are_ticked_one_by_one(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN)
    answer = send(holder, "conditions", only_listed="yes", together="yes")
    assert answer.headers["location"] == f"{HOME}?done=conditions"
    stored = chosen(stage)
    assert (stored.only_listed, stored.only_unanswered, stored.together) == (True, False, True)
    assert "no number is listed and ticked: no mails go out" in said(holder.get(HOME))
    assert stored.addresses == (Address(address=ANN),)
    send(holder, "conditions")
    assert not chosen(stage).only_listed


@pytest.mark.both_databases
def test_thirty_numbers_are_listed_each_with_a_name_and_a_tick(holder: Visitor, stage: Stage) -> None:
    numbers = [f"04598765{place:02}" for place in range(MOST_LISTED)]
    names = [f"田中 {place}" for place in range(MOST_LISTED)]
    ticks = fields("count", *["yes"] * (MOST_LISTED - 1))
    answer = send(holder, "listed", **fields("number", *numbers), **fields("name", *names), **ticks)
    assert answer.headers["location"] == f"{HOME}?done=listed"
    stored = chosen(stage).listed
    assert [(row.number, row.name) for row in stored] == list(zip(numbers, names, strict=True))
    assert [row.ticked for row in stored] == [True] * (MOST_LISTED - 1) + [False]
    page = holder.get(f"{HOME}/listed").text
    assert 'id="number-30"' in page
    assert 'id="number-31"' not in page
    assert send(holder, "listed").status_code == 303
    assert chosen(stage).listed == ()


def test_listed_numbers_are_folded_and_their_faults_named(holder: Visitor, stage: Stage) -> None:
    answer = send(
        holder,
        "listed",
        **fields("number", "０４５９８７６５４３", "0459876543", "12", ""),
        **fields("name", "n" * 41, "", "", "x"),
    )
    assert answer.status_code == 400
    told = said(answer)
    for part in ("stands above already", "3 to 20 digits", "40 characters or fewer"):
        assert part in told, part
    send(holder, "listed", **fields("number", "０４５９８７６５４３"), **{"count-1": "yes"})
    assert chosen(stage).listed == (Listed(number="0459876543"),)


@pytest.mark.parametrize("form", ["addresses", "conditions", "listed", "start", "stop"])
def test_a_page_that_is_behind_stores_nothing_and_says_so(holder: Visitor, stage: Stage, form: str) -> None:
    choose(stage, ANN)
    old = chosen(stage).version
    choose(stage, ANN, only_unanswered=True)
    now = chosen(stage)
    answer = send(holder, form, version=old, **fields("address", BEN), **{"send-1": "yes"})
    assert answer.status_code == 409
    assert "were changed elsewhere meanwhile" in said(answer)
    assert chosen(stage) == now


@pytest.mark.both_databases
def test_a_test_mail_goes_over_the_outbox_and_shows_what_became_of_it(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN)
    assert send(holder, "test", address=ANN).headers["location"] == f"{HOME}?done=test"
    [mail] = stage.mails()
    assert mail["to"] == ANN
    assert "03-1234-5678" in mail["body"]
    assert "Test: on its way since" in said(holder.get(f"{HOME}?done=test"))
    assert deliver(stage) == [ANN]
    assert "Test: the mail server took it on" in said(holder.get(HOME))


def test_test_mails_are_limited_and_the_limit_is_told(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN)
    for _ in range(5):
        assert send(holder, "test", address=ANN).status_code == 303
    answer = send(holder, "test", address=ANN)
    assert answer.status_code == 429
    assert "no more are sent for now" in said(answer)
    assert len(stage.mails()) == 5


def test_no_test_goes_to_an_address_that_the_number_does_not_have(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN)
    choose(stage, BEN, number=OTHER_LINE)
    for foreign in (BEN, "", "stranger@example.jp", f"{ANN}\r\nBcc: {BEN}", "x" * 5000):
        assert send(holder, "test", address=foreign).headers["location"] == f"{HOME}?done=gone"
        assert send(holder, "resume", address=foreign).headers["location"] == f"{HOME}?done=gone"
    assert stage.mails() == []


def test_a_refusal_is_told_in_plain_words_and_three_pause_the_address(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN)
    call(stage)
    deliver(stage, refuse=Reason.MAILBOX_FULL, reply="552 <b>full</b>")
    shown = holder.get(HOME)
    assert "The mailbox is full" in said(shown)
    assert "552 <b>full</b>" in said(shown)
    assert "<b>full</b>" not in shown.text
    refuse_until_paused(stage)
    told = said(holder.get(HOME))
    assert "The mail server does not know this address" in told
    assert "Paused since" in told
    assert "refused three notices in a row" in told
    assert send(holder, "resume", address=ANN).headers["location"] == f"{HOME}?done=resumed"
    assert chosen(stage).addresses[0].is_used
    assert "Paused since" not in said(holder.get(HOME))
    assert send(holder, "resume", address=ANN).headers["location"] == f"{HOME}?done=gone"


def test_a_mail_that_comes_back_is_told_like_a_refusal_and_three_pause_the_address(
    holder: Visitor, stage: Stage
) -> None:
    choose(stage, ANN)
    for _ in range(3):
        call(stage)
        deliver(stage)
        assert "Last notice: the mail server took it on" in said(holder.get(HOME))
        come_back(stage, Reason.MAILBOX_FULL, "452 4.2.2 over quota", kind="delayed")
        told = said(holder.get(HOME))
        assert "has not been able to deliver it yet. The mailbox is full." in told
        assert "The mail server's words: 452 4.2.2 over quota" in told
        come_back(stage, Reason.NO_SUCH_ADDRESS, "550 5.1.1 <b>unknown</b>")
        assert "The mail server's words: 550 5.1.1 <b>unknown</b>" in said(holder.get(HOME))
        assert "<b>unknown</b>" not in holder.get(HOME).text
        stage.store.count_refusals()
        stage.later += timedelta(minutes=1)
    told = said(holder.get(HOME))
    assert "The mail server does not know this address" in told
    assert "Paused since" in told
    assert "refused three notices in a row" in told


def test_mail_that_waits_says_when_it_is_tried_again(holder: Visitor, stage: Stage) -> None:
    choose(stage, ANN)
    call(stage)
    with stage.database.writing() as connection:
        due_at = stage.now() + timedelta(minutes=5)
        connection.execute(update(letters).values(reason=Reason.LATER.value, tries=1, due_at=due_at))
    assert "asked to try again later. It is tried again on" in said(holder.get(HOME))


@pytest.mark.parametrize("unit", [Unit.LINE, Unit.ADMIN_USER])
def test_who_manages_the_line_sets_the_notices_of_each_of_its_numbers(
    stage: Stage, logged_in: LogIn, unit: Unit
) -> None:
    stage.subscribe(CONTRACT, unit=unit)
    manager = logged_in()
    assert f"/numbers/{SECOND}/notices" in manager.get(f"/numbers/{SECOND}").text
    home = f"/numbers/{SECOND}/notices"
    answer = send(manager, "addresses", home=home, **fields("address", ANN), **{"send-1": "yes"})
    assert answer.headers["location"] == f"{home}?done=addresses"
    assert send(manager, "start", home=home).headers["location"] == f"{home}?done=started"
    assert chosen(stage, SECOND).started
    assert not chosen(stage).version
    assert send(manager, "test", home=home, address=ANN).status_code == 303
    assert [mail["to"] for mail in stage.mails(SECOND)] == [ANN]


def _strangers(stage: Stage, logged_in: LogIn) -> list[tuple[Visitor, str]]:
    """Return logins, each with a number whose notices are not theirs."""
    stage.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    stage.subscribe(MANY)
    administrator, user, many = logged_in(), logged_in(SECOND), logged_in(MANY)
    return [
        (administrator, OTHER_LINE),
        (administrator, "0399999999"),
        (user, CONTRACT),
        (user, THIRD),
        (many, MANY_NUMBERS[1]),  # unit NUMBER: it sees the list, and sets its own number alone
        (many, CONTRACT),
    ]


def test_nobody_sees_or_changes_the_notices_of_another(stage: Stage, logged_in: LogIn) -> None:
    for visitor, number in _strangers(stage, logged_in):
        choose(stage, ANN, number=number) if number != "0399999999" else None
        before = chosen(stage, number)
        home = f"/numbers/{number}/notices"
        token = visitor.csrf("/")
        for page in PAGES:
            answer = visitor.get(f"{home}{page}")
            assert answer.status_code == 404, (number, page)
            assert ANN not in answer.text
        for form in ("addresses", "conditions", "listed", "start", "stop", "test", "resume"):
            sent = {"csrf": token, "version": before.version, "address": ANN, "address-1": BEN, "send-1": "yes"}
            assert visitor.post(f"{home}/{form}", data=sent).status_code == 404, (number, form)
        assert chosen(stage, number) == before
        assert stage.mails(number) == []


@pytest.mark.parametrize("form", ["addresses", "conditions", "listed", "start", "stop", "test", "resume"])
def test_a_forged_form_changes_nothing(holder: Visitor, stage: Stage, form: str) -> None:
    choose(stage, ANN)
    before = chosen(stage)
    for token in ("", "x" * 43):
        sent = {"csrf": token, "version": before.version, "address": ANN, "address-1": BEN, "send-1": "yes"}
        assert holder.post(f"{HOME}/{form}", data=sent).status_code == 403
    assert chosen(stage) == before
    assert stage.mails() == []


def test_without_a_login_there_is_only_the_login_page(stage: Stage, visitor: Visitor) -> None:
    for page in PAGES:
        assert visitor.get(f"{HOME}{page}").headers["location"] == "/login"


def test_without_mails_there_are_no_call_notices(stage: Stage) -> None:
    stage.subscribe(CONTRACT)
    with serving(stage.config(open_outbox=None)) as address, Visitor(address) as visitor:
        visitor.log_in()
        assert "Call notices" not in said(visitor.get("/"))
        assert visitor.get(HOME).status_code == 404


@pytest.mark.parametrize(
    "text", ["\x00", "'; drop table notice_settings; --", "<script>alert(1)</script>", "\u202eevil", "x" * 5000]
)
def test_whatever_is_typed_is_shown_as_text_and_stored_within_the_rules(
    holder: Visitor, stage: Stage, text: str
) -> None:
    for form, sent in (
        ("addresses", fields("address", text)),
        ("listed", {"number-1": text, "name-1": text}),
        ("listed", {"number-1": "0459876543", "name-1": text}),
    ):
        answer = send(holder, form, **sent)
        assert answer.status_code in (303, 400)
        assert "<script>alert" not in answer.text
    assert "<script>alert" not in holder.get(f"{HOME}/listed").text
    assert all(len(row.name) <= 40 for row in chosen(stage).listed)


def test_the_history_says_who_changed_call_notices(holder: Visitor) -> None:
    send(holder, "addresses", **fields("address", ANN))
    told = said(holder.get("/history"))
    assert "Call notices changed" in told
    assert ANN not in told
