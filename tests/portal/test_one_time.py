"""One-time passwords: the choice at the first login, the link, the code, and what is changed later."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from credentials.model import Unit
from credentials.secrets.keys import KeyRing
from mail.outbox import MailLimits, Outbox, Rate
from tests.portal.conftest import LogIn
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, PASSWORD, SECOND, SINGLE, TEMPORARY, Stage
from tests.portal.visitor import Visitor, said

ADDRESS, NEW_ADDRESS = "taro@example.jp", "hanako@example.jp"
CONFIRMATION_ID, CONFIRMATION = "Kakunin77", "himitsu42"


@pytest.fixture
def choosing(stage: Stage, visitor: Visitor) -> Visitor:
    """A visitor who has a password and still has to choose."""
    stage.call()
    visitor.log_in(secret=TEMPORARY)
    visitor.change_password("/password/renew", TEMPORARY, PASSWORD)
    visitor.log_in()
    return visitor


def enter(visitor: Visitor, path: str = "/one-time/use", **changes: str) -> httpx.Response:
    fields = {"address": ADDRESS, "confirmation-id": CONFIRMATION_ID, "confirmation-password": CONFIRMATION}
    return visitor.fill_in(path, **(fields | changes))


def review(visitor: Visitor, page: httpx.Response, path: str = "/one-time/use", **changes: str) -> httpx.Response:
    """Send the form of the review page."""
    hidden = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page.text.partition("<main")[2]))
    return visitor.post(path, data=hidden | {"confirmation-password": CONFIRMATION} | changes)


def path_of_link(stage: Stage, number: str = CONTRACT) -> str:
    found = re.search(r"https://settings\.example\.jp(/confirm/\S+)", stage.mails(number)[-1]["body"])
    assert found is not None
    return found[1]


def code_in(mail: dict[str, str]) -> str:
    found = re.search(r"(\d{4}) (\d{4})", mail["body"])
    assert found is not None
    return found[1] + found[2]


def uses_codes(stage: Stage, visitor: Visitor) -> None:
    """Choose one-time passwords, confirm the address, and come to the page that asks for a code."""
    assert review(visitor, enter(visitor)).headers["location"] == "/one-time?done=on"
    assert "The address is confirmed" in said(visitor.fill_in(path_of_link(stage)))
    visitor.fill_in("/logout", on="/")
    visitor.log_in()


def test_a_number_chooses_once_before_anything_else(choosing: Visitor) -> None:
    for path in ("/", "/password", "/unit", "/numbers", "/one-time"):
        assert choosing.get(path).headers["location"] == "/one-time/choose"


def test_using_none_wants_an_explicit_consent(choosing: Visitor, stage: Stage) -> None:
    refused = choosing.fill_in("/one-time/decline")
    assert refused.status_code == 400
    assert "tick the box" in said(refused)
    before = choosing.cookies["karipass-session"]
    assert choosing.fill_in("/one-time/decline", agreed="yes").status_code == 303
    assert choosing.cookies["karipass-session"] != before
    assert choosing.get("/").status_code == 200


@pytest.mark.both_databases
def test_what_is_entered_is_reviewed_then_stored_and_mailed(choosing: Visitor, stage: Stage) -> None:
    page = enter(choosing)
    assert page.status_code == 200
    assert ADDRESS in said(page)
    assert CONFIRMATION_ID in said(page)
    assert CONFIRMATION not in page.text
    assert stage.mails() == []
    before = choosing.cookies["karipass-session"]
    assert review(choosing, page).headers["location"] == "/one-time?done=on"
    assert choosing.cookies["karipass-session"] != before
    assert f"A mail was sent to {ADDRESS}" in said(choosing.get("/one-time?done=on"))
    [mail] = stage.mails()
    assert mail["to"] == ADDRESS
    assert "03-1234-5678" in mail["body"]


def test_the_review_finds_a_confirmation_password_that_was_mistyped(choosing: Visitor, stage: Stage) -> None:
    page = review(choosing, enter(choosing), **{"confirmation-password": "himitsu43"})
    assert page.status_code == 400
    assert "not what you entered on the page before" in said(page)
    assert stage.mails() == []
    assert review(choosing, page).status_code == 303


def test_each_rule_that_is_broken_is_named_beside_its_field(choosing: Visitor) -> None:
    page = enter(choosing, address="a..b@", **{"confirmation-id": "ABCDEFGH", "confirmation-password": "11112222"})
    assert page.status_code == 400
    for told in (
        "Two dots cannot follow each other",
        "Something must stand after the @",
        "Capitals alone",
        "in order, like 1234",
        "Add a letter",
        "four or more times",
    ):
        assert told in said(page)


@pytest.mark.both_databases
def test_a_link_confirms_only_by_its_button(choosing: Visitor, stage: Stage, address: str) -> None:
    review(choosing, enter(choosing))
    path = path_of_link(stage)
    with Visitor(address) as elsewhere:
        for _ in range(3):  # as mail scanners do
            page = elsewhere.get(path)
            assert "Use this address" in said(page)
            assert ADDRESS not in page.text
        assert elsewhere.head(path).status_code in (200, 405)
        assert "waits for the link" in said(choosing.get("/one-time"))
        assert elsewhere.post(path, data={"csrf": ""}).status_code == 403
        assert "waits for the link" in said(choosing.get("/one-time"))
        assert "The address is confirmed" in said(elsewhere.fill_in(path))
        assert "The address is confirmed" in said(elsewhere.get(path))
    assert "in use" in said(choosing.get("/one-time"))


def test_opening_a_link_leaves_a_login_in_the_same_browser_alone(choosing: Visitor, stage: Stage) -> None:
    review(choosing, enter(choosing))
    choosing.fill_in(path_of_link(stage))
    assert choosing.get("/").status_code == 200


def test_a_link_is_good_for_a_day_and_a_made_up_one_never(choosing: Visitor, stage: Stage) -> None:
    review(choosing, enter(choosing))
    path = path_of_link(stage)
    stage.later = timedelta(hours=25)
    assert "24 hours are over" in said(choosing.get(path))
    assert "cannot be used" in said(choosing.get("/confirm/" + "a" * 43))


@pytest.mark.both_databases
def test_a_code_completes_the_login(choosing: Visitor, stage: Stage) -> None:
    uses_codes(stage, choosing)
    assert choosing.get("/").headers["location"] == "/one-time/code"
    assert "t***@e***.jp" in said(choosing.get("/one-time/code"))
    assert choosing.fill_in("/one-time/code/send", on="/one-time/code").status_code == 303
    mail, page = stage.mails()[-1], choosing.get("/one-time/code")
    name = mail["subject"][1:3]
    assert name in said(page)
    assert code_in(mail) not in page.text
    wrong = choosing.fill_in("/one-time/code", code="00000000")
    assert "Tries left: 4" in said(wrong)
    before = choosing.cookies["karipass-session"]
    assert choosing.fill_in("/one-time/code", code=code_in(mail)).headers["location"] == "/"
    assert choosing.cookies["karipass-session"] != before
    assert choosing.get("/").status_code == 200


def test_a_late_mail_still_works_for_its_own_300_seconds(choosing: Visitor, stage: Stage) -> None:
    uses_codes(stage, choosing)
    choosing.fill_in("/one-time/code/send", on="/one-time/code")
    stage.later += timedelta(seconds=200)
    choosing.fill_in("/one-time/code/send", on="/one-time/code")
    first, second = stage.mails()[-2:]
    assert {first["subject"][1:3], second["subject"][1:3]} <= set(said(choosing.get("/one-time/code")).split())
    assert choosing.fill_in("/one-time/code", code=code_in(first)).headers["location"] == "/"


def test_a_code_that_is_too_old_is_said_to_be(choosing: Visitor, stage: Stage) -> None:
    uses_codes(stage, choosing)
    choosing.fill_in("/one-time/code/send", on="/one-time/code")
    stage.later += timedelta(seconds=301)
    choosing.fill_in("/one-time/code/send", on="/one-time/code")
    assert "too old" in said(choosing.fill_in("/one-time/code", code=code_in(stage.mails()[-2])))


@pytest.mark.both_databases
def test_after_five_wrong_tries_no_code_is_good(choosing: Visitor, stage: Stage) -> None:
    uses_codes(stage, choosing)
    choosing.fill_in("/one-time/code/send", on="/one-time/code")
    csrf = choosing.csrf("/one-time/code")
    for _ in range(5):
        choosing.post("/one-time/code", data={"csrf": csrf, "code": "00000000"})
    answer = choosing.post("/one-time/code", data={"csrf": csrf, "code": code_in(stage.mails()[-1])})
    assert "No one-time password is good" in said(answer)


@pytest.mark.both_databases
def test_at_the_code_the_address_changes_with_id_and_password(choosing: Visitor, stage: Stage) -> None:
    uses_codes(stage, choosing)
    fields = {"address": NEW_ADDRESS, "confirmation-id": CONFIRMATION_ID}
    wrong = choosing.fill_in("/one-time/code/address", **fields, **{"confirmation-password": "wrong9999"})
    assert "is wrong" in said(wrong)
    right = choosing.fill_in("/one-time/code/address", **fields, **{"confirmation-password": CONFIRMATION})
    assert right.headers["location"] == "/one-time/code?done=address"
    choosing.fill_in("/one-time/code/send", on="/one-time/code")
    assert stage.mails()[-1]["to"] == ADDRESS  # until the link is used the old address counts
    link = next(mail for mail in stage.mails() if mail["to"] == NEW_ADDRESS)
    found = re.search(r"(/confirm/\S+)", link["body"])
    assert found is not None
    choosing.fill_in(found[1])
    choosing.fill_in("/one-time/code/send", on="/one-time/code")
    assert stage.mails()[-1]["to"] == NEW_ADDRESS
    assert choosing.fill_in("/one-time/code", code=code_in(stage.mails()[-1])).headers["location"] == "/"


@pytest.mark.both_databases
def test_after_a_complete_login_address_id_and_password_are_changed(choosing: Visitor, stage: Stage) -> None:
    review(choosing, enter(choosing))
    assert choosing.fill_in("/one-time/address", address=NEW_ADDRESS).headers["location"] == "/one-time?done=address"
    assert stage.mails()[-1]["to"] == NEW_ADDRESS
    refused = choosing.change_password("/one-time/confirmation-id", "wrong", "Another88")
    assert "This is not right" in said(refused)
    changed = choosing.change_password("/one-time/confirmation-id", CONFIRMATION_ID, "Another88")
    assert changed.headers["location"] == "/one-time?done=id"
    assert "Another88" in said(choosing.get("/one-time"))
    assert "Add a digit" in said(choosing.change_password("/one-time/confirmation-password", CONFIRMATION, "abxyabxy"))
    changed = choosing.change_password("/one-time/confirmation-password", CONFIRMATION, "naisho77")
    assert changed.headers["location"] == "/one-time?done=password"


@pytest.mark.both_databases
def test_the_administrator_sets_that_of_a_user_and_a_user_only_its_own(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT, SECOND, unit=Unit.ADMIN_USER)
    admin, home = logged_in(), f"/numbers/{SECOND}/one-time"
    assert "not used" in said(admin.get(home))
    page = enter(admin, f"{home}/use")
    assert review(admin, page, f"{home}/use").headers["location"] == f"{home}?done=on"
    assert stage.mails(SECOND)[-1]["to"] == ADDRESS
    user = logged_in(SECOND)
    for path in ("", "/use", "/address", "/decline", "/confirmation-id"):
        assert user.get(f"/numbers/{CONTRACT}/one-time{path}").status_code == 404


@pytest.mark.both_databases
def test_mails_are_limited_and_the_limit_is_told(stage: Stage) -> None:
    few = MailLimits(of_a_number=[Rate(1, timedelta(minutes=10))])

    def outbox() -> Outbox:
        return Outbox(KeyRing([stage.key]), limits=few, clock=stage.now)

    stage.subscribe(CONTRACT)
    with serving(stage.config(open_outbox=outbox)) as address, Visitor(address) as visitor:
        visitor.log_in()
        review(visitor, enter(visitor))
        answer = visitor.fill_in("/one-time/address", address=NEW_ADDRESS)
        assert answer.status_code == 429
        assert "no more are sent for now. The next is possible from" in said(answer)
        assert len(stage.mails()) == 1


def test_without_a_mail_server_none_is_all_that_can_be_chosen(stage: Stage) -> None:
    stage.subscribe(SINGLE)
    with serving(stage.config(open_outbox=None)) as address, Visitor(address) as visitor:
        visitor.log_in(SINGLE)
        assert visitor.get("/one-time/use").status_code == 404
        assert "Start using" not in said(visitor.get("/one-time"))
