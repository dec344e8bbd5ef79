"""What tests in a real browser share: a page that notes faults, and the way to each page of the site."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from credentials.model import Unit
from tests.portal.notices.happenings import choose, notices_of
from tests.portal.stage import CONTRACT, MANY, OTHER_LINE, PASSWORD, SECOND, SINGLE, TEMPORARY, THIRD, Stage

DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 900}
SMARTPHONE: Final[ViewportSize] = {"width": 390, "height": 844}
WRONG: Final = "wrong9999"
GOOD_ROW: Final = '"{}","1","a@example.jp","Kakunin1","himitsu42"'


@contextmanager
def browsing(browser: Browser, **options: Any) -> Iterator[Page]:
    """Yield a page; fail if the content security policy refuses anything or a script fails."""
    faults: list[str] = []
    context: BrowserContext = browser.new_context(**({"locale": "en-GB", "viewport": DESKTOP} | options))
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    try:
        yield page
    finally:
        context.close()
    assert faults == []


def log_in(page: Page, address: str, number: str = CONTRACT, secret: str = PASSWORD) -> None:
    """Log in as a subscriber does."""
    page.goto(f"{address}/login")
    page.locator("#number").fill(number)
    page.locator("#secret").fill(secret)
    press(page)


def press(page: Page, form: str = "main form") -> None:
    """Press the first button of a form, and wait for what comes."""
    page.locator(f"{form} button").first.click()
    page.wait_for_load_state()


@dataclass(frozen=True)
class Place:
    """A page of the site, and how to come to it.

    Attributes:
        name: what it is called.
        go: brings a new browser's page there.
        title: a part of its heading, in English.
    """

    name: str
    go: Callable[[Page, str, Stage], None]
    title: str


def people(stage: Stage) -> None:
    """Give the lines of a stage their passwords."""
    stage.subscribe(CONTRACT, SECOND, THIRD, unit=Unit.ADMIN_USER)
    stage.subscribe(MANY, OTHER_LINE)
    stage.call(SINGLE)


def _at(path: str, number: str = CONTRACT) -> Callable[[Page, str, Stage], None]:
    def go(page: Page, address: str, stage: Stage) -> None:
        log_in(page, address, number)
        page.goto(f"{address}{path}")

    return go


def _login(page: Page, address: str, _stage: Stage) -> None:
    page.goto(f"{address}/login")


def _refused(page: Page, address: str, _stage: Stage) -> None:
    log_in(page, address, secret=WRONG)


def _renew(page: Page, address: str, _stage: Stage) -> None:
    log_in(page, address, SINGLE, TEMPORARY)


def _renew_refused(page: Page, address: str, stage: Stage) -> None:
    _renew(page, address, stage)
    for field, text in (("current", TEMPORARY), ("new", "1111"), ("again", "1111")):
        page.locator(f"#{field}").fill(text)
    press(page)


def _choose(page: Page, address: str, stage: Stage) -> None:
    stage.call(SINGLE)
    start = stage.store.start_session(SINGLE, TEMPORARY)
    stage.store.change_password_in(str(start.session_id), current=TEMPORARY, new=PASSWORD)
    log_in(page, address, SINGLE)


def _review(page: Page, address: str, stage: Stage) -> None:
    _at("/one-time/use")(page, address, stage)
    for field, text in (("address", "taro@example.jp"), ("confirmation-id", "Kakunin77")):
        page.locator(f"#{field}").fill(text)
    page.locator("#confirmation-password").fill("himitsu42")
    press(page)


def _waits(page: Page, address: str, stage: Stage) -> None:
    _review(page, address, stage)
    page.locator("#confirmation-password").fill("himitsu42")
    press(page)


def _link(page: Page, address: str, stage: Stage) -> None:
    _waits(page, address, stage)
    found = re.search(r"(/confirm/\S+)", stage.mails()[-1]["body"])
    assert found is not None
    page.goto(f"{address}{found[1]}")


def _code(page: Page, address: str, stage: Stage) -> None:
    _link(page, address, stage)
    press(page)
    page.goto(address)
    press(page, "header form")
    log_in(page, address)


def _code_sent(page: Page, address: str, stage: Stage) -> None:
    _code(page, address, stage)
    press(page)


def _ended(page: Page, address: str, stage: Stage) -> None:
    log_in(page, address)
    stage.store.start_session(CONTRACT, PASSWORD)
    page.goto(f"{address}/unit")


def _changed(page: Page, address: str, stage: Stage) -> None:
    _at("/unit/line")(page, address, stage)
    page.locator("input[type=password]").fill(PASSWORD)
    press(page)


def _not_me(page: Page, address: str, stage: Stage) -> None:
    _at("/history")(page, address, stage)
    page.locator("main .report a").first.click()
    page.wait_for_load_state()


def _rehearsal(
    page: Page, address: str, stage: Stage, row: str = '"{}","1","a@example.jp","Kakunin1","himitsu42"'
) -> None:
    _at("/one-time/file", MANY)(page, address, stage)
    content = ("number,use,address,id,password\r\n" + row.format(MANY)).encode()
    page.locator("#file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": content})
    page.locator("main form button").last.click()
    page.locator("table").wait_for()


def _rehearsal_wrong(page: Page, address: str, stage: Stage) -> None:
    _rehearsal(page, address, stage, '"{}","2","a..@","Kakunin1","himitsu42"')


def _notices(page: Page, address: str, stage: Stage, path: str = "") -> None:
    """Come to the call notices of a number that is mailed, has one paused address, and calls of every kind."""
    notices_of(stage)
    _at(f"/notices{path}")(page, address, stage)


def _notices_at(path: str) -> Callable[[Page, str, Stage], None]:
    return lambda page, address, stage: _notices(page, address, stage, path)


def _addresses_refused(page: Page, address: str, stage: Stage) -> None:
    _at("/notices/addresses")(page, address, stage)
    for place, text in ((1, "taro@example.jp"), (2, ".a..b@"), (3, "taro@example.jp")):
        page.locator(f"#address-{place}").fill(text)
    press(page)


def _overtaken(page: Page, address: str, stage: Stage) -> None:
    _notices(page, address, stage, "/conditions")
    choose(stage, "taro@example.jp")
    press(page)


def _notice_rehearsal(
    page: Page, address: str, stage: Stage, row: str = "{},1,,1,,a@example.jp,1,b@example.jp,0"
) -> None:
    _at("/notices/file", MANY)(page, address, stage)
    page.locator("#file").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": row.format(MANY).encode()}
    )
    page.locator("main form button").last.click()
    page.locator("table").wait_for()


def _notice_rehearsal_wrong(page: Page, address: str, stage: Stage) -> None:
    _notice_rehearsal(page, address, stage, "{},2,,,,a..@,1")


PLACES: Final = (
    Place("login", _login, "Log in"),
    Place("refused", _refused, "Log in"),
    Place("renew", _renew, "Choose a new password"),
    Place("renew-refused", _renew_refused, "Choose a new password"),
    Place("choose", _choose, "Do you want one-time passwords?"),
    Place("decline", _at("/one-time/decline"), "Use no one-time passwords"),
    Place("use", _at("/one-time/use"), "Use one-time passwords"),
    Place("review", _review, "Review"),
    Place("waits", _waits, "One-time password"),
    Place("link", _link, "Confirm the mail address"),
    Place("code", _code, "One-time password"),
    Place("code-sent", _code_sent, "One-time password"),
    Place("menu", _at("/"), "03-1234-5678"),
    Place("numbers", _at("/numbers"), "Telephone numbers"),
    Place("many-numbers", _at("/numbers?part=4", MANY), "Telephone numbers"),
    Place("number", _at(f"/numbers/{SECOND}"), "03-1234-5679"),
    Place("password", _at(f"/numbers/{SECOND}/password"), "Change a password"),
    Place("one-time", _at("/one-time"), "One-time password"),
    Place("unit", _at("/unit"), "Unit"),
    Place("unit-change", _at("/unit/number"), "Change to: by number"),
    Place("unit-by-file", _at("/unit/line", MANY), "Change to: by line"),
    Place("unit-changed", _changed, "Changed to: By line"),
    Place("history", _at("/history"), "History"),
    Place("not-me", _not_me, "Report that this was not you"),
    Place("file", _at("/one-time/file", MANY), "One-time passwords by file"),
    Place("rehearsal", _rehearsal, "What it would do"),
    Place("rehearsal-wrong", _rehearsal_wrong, "What it would do"),
    Place("notices-new", _at("/notices"), "Call notices"),
    Place("notices", _notices_at(""), "Call notices"),
    Place("notice-addresses", _notices_at("/addresses"), "Change the addresses"),
    Place("notice-addresses-refused", _addresses_refused, "Change the addresses"),
    Place("notice-conditions", _notices_at("/conditions"), "Conditions"),
    Place("notice-listed", _notices_at("/listed"), "Listed numbers"),
    Place("notice-overtaken", _overtaken, "Conditions"),
    Place("notice-calls", _notices_at("/calls"), "Why no mail?"),
    Place("notice-file", _at("/notices/file", MANY), "Call notices by file"),
    Place("notice-rehearsal", _notice_rehearsal, "What it would do"),
    Place("notice-rehearsal-wrong", _notice_rehearsal_wrong, "What it would do"),
    Place("ended", _ended, "This login has ended"),
    Place("nowhere", _at("/nowhere"), "There is no such page"),
)
"""Every page of the site that looks different."""
