"""The console in a real browser (headless Chromium)."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from console.live import view
from console.operators import Role
from ivr.records import AmiState, Vitals
from ivr.records.changes import Progress
from tests import needs
from tests.console.server import serving
from tests.console.stage import ADDITIONAL, CONTRACT, NAMES, OPERATOR_PASSWORD, Stage, Tone, bad_keys
from tests.storage.postgresql import serving as serving_database

pytestmark = pytest.mark.slow


def follows(page: Page) -> None:
    """Wait until the live page follows the events."""
    page.wait_for_selector("[data-state=following]")


def log_in(page: Page, address: str, name: str = "otto", password: str = OPERATOR_PASSWORD) -> None:
    """Log in as an operator does."""
    page.goto(f"{address}/login")
    page.get_by_label("Name").or_(page.get_by_label("名前")).fill(name)
    page.locator("input[type=password]").fill(password)
    page.locator("button.main").click()
    page.wait_for_url(f"{address}/")


def test_an_operator_logs_in_and_out(page: Page, address: str) -> None:
    page.goto(address)
    expect(page).to_have_url(f"{address}/login")
    page.get_by_label("Name").fill("otto")
    page.get_by_label("Password").fill("wrong horse battery")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    log_in(page, address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("0 calls in progress")
    expect(page.get_by_text("No call now")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{address}/login")
    page.goto(f"{address}/calls")
    expect(page).to_have_url(f"{address}/login")


@pytest.mark.parametrize(
    ("locale", "link", "chosen", "labels"),
    [
        ("ja-JP", "English", "en", ("Name", "Password", "Log in", "Log out")),
        ("en-GB", "日本語", "ja", ("名前", "パスワード", "ログイン", "ログアウト")),
    ],
)
def test_a_language_that_is_chosen_on_the_login_page_is_spoken_until_another_is(
    browser: Browser,
    stage: Stage,
    address: str,
    locale: str,
    link: str,
    chosen: str,
    labels: tuple[str, str, str, str],
) -> None:
    stage.operators.set_language("otto", locale[:2])
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    page.get_by_role("link", name=link).click()
    name, password, enter, leave = labels
    page.goto(address)  # another page first: the choice is not in the address only
    page.get_by_label(name, exact=True).fill("otto")
    page.get_by_label(password, exact=True).fill(OPERATOR_PASSWORD)
    page.get_by_role("button", name=enter).click()
    expect(page.get_by_role("button", name=leave)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", chosen)
    page.get_by_role("button", name="English" if chosen == "ja" else "日本語").click()
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    context.close()


def test_a_call_appears_moves_on_and_ends_without_the_page_being_loaded_again(
    page: Page, stage: Stage, address: str
) -> None:
    log_in(page, address)
    follows(page)
    page.evaluate("document.body.dataset.mark = 'the same page'")
    call_id, changes = stage.changes_of((*bad_keys(), Tone(20, "1")), hang_up_s=30)
    stage.beat(Vitals(calls=1))
    stage.writer.write(changes[:1])
    card = page.locator("#cards article")
    expect(card).to_contain_text(CONTRACT)
    expect(page.get_by_text("No call now")).to_be_hidden()
    expect(page.locator("#summary")).to_contain_text("1 call in progress")
    third_miss = next(place for place, one in enumerate(changes) if isinstance(one, Progress) and one.missed == 3)
    stage.writer.write(changes[: third_miss + 1])
    expect(card.locator(".trouble")).to_contain_text("off frequency")
    expect(card.locator("[aria-current=step]")).to_have_text("unit")
    stage.writer.write(changes[:-1])
    expect(card.locator("[aria-current=step]")).to_have_text("password")
    stage.writer.write(changes)
    expect(card).to_have_count(0)
    expect(page.locator("#recent")).to_contain_text("the caller hung up before the end")
    expect(page.locator("body")).to_have_attribute("data-mark", "the same page")
    page.locator(f"#recent a[href='/calls/{call_id}']").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(CONTRACT)


def test_a_complaint_is_found_by_its_number_and_explained(page: Page, stage: Stage, address: str) -> None:
    call_id = stage.call(bad_keys(), caller=ADDITIONAL)
    stage.call((), hang_up_s=2, caller="0661234567")
    log_in(page, address)
    page.get_by_role("link", name="Calls").click()
    page.get_by_label("Number").fill("1234-5679")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody tr a").click()
    expect(page).to_have_url(f"{address}/calls/{call_id}")
    why = page.locator(".why li")
    expect(why).to_have_count(3)
    for place, told in enumerate(("twist -12.0 dB", "too short", "low tone +3.0 %")):
        expect(why.nth(place)).to_contain_text(told)
    marks = page.locator("svg a.miss")
    expect(marks).to_have_count(3)
    expect(marks.first.locator("title")).to_contain_text("-8 to +5 dB is accepted")
    marks.first.click()
    expect(page).to_have_url(re.compile(r"#e\d+$"))
    expect(page.locator("tr:target")).to_contain_text("unequal tones")


def test_a_viewer_sees_masked_numbers_and_may_do_nothing(page: Page, stage: Stage, address: str) -> None:
    call_id = stage.call(bad_keys())
    log_in(page, address, NAMES[Role.VIEWER])
    follows(page)
    expect(page.locator("#recent")).to_contain_text("031*****78")
    page.goto(f"{address}/calls/{call_id}")
    assert CONTRACT not in page.content()
    expect(page.get_by_role("button", name="Lock the line out")).to_have_count(0)
    expect(page.get_by_role("link", name="Operators")).to_have_count(0)
    page.goto(f"{address}/operators")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your role does not allow this")


def test_an_operator_locks_the_line_from_a_call(page: Page, stage: Stage, address: str) -> None:
    call_id = stage.call((), hang_up_s=2)
    log_in(page, address)
    page.goto(f"{address}/calls/{call_id}")
    page.get_by_role("button", name="Lock the line out").click()
    expect(page.get_by_text("locked out", exact=True)).to_be_visible()
    page.get_by_role("button", name="Let the line in again").click()
    expect(page.get_by_role("button", name="Lock the line out")).to_be_visible()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_form_on_another_site_cannot_act_in_an_operators_name(
    page: Page, stage: Stage, address: str, host: str
) -> None:
    """The form is on another site, and on another port of the same host, which is the same site to cookies."""
    call_id = stage.call((), hang_up_s=2)
    log_in(page, address)
    evil = f"http://{host}:9"
    form = (
        f"<form method=post action='{address}/calls/{call_id}/lock'><input name=csrf value=guess></form>"
        "<script>document.forms[0].submit()</script>"
    )
    page.route(f"{evil}/**", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto(f"{evil}/")
    page.wait_for_url(re.compile(re.escape(address)))
    expect(page.locator("body")).to_contain_text(re.compile("not sent by the console|Log in"))
    with stage.open_store() as store:
        assert not any(line.locked for line in store.list_lines())


def test_the_console_speaks_japanese_to_who_wants_it(page: Page, stage: Stage, address: str) -> None:
    call_id = stage.call(bad_keys())
    log_in(page, address)
    page.goto(f"{address}/calls/{call_id}")
    page.get_by_role("button", name="日本語").click()
    expect(page).to_have_url(f"{address}/calls/{call_id}")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.locator(".why")).to_contain_text("ツイスト -12.0 dB（許容 -8 ～ +5 dB）")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_asterisks_going_and_coming_is_seen_on_the_page(page: Page, stage: Stage, address: str) -> None:
    stage.beat(Vitals(ami=AmiState(status="connected", asterisk="22.10.1")))
    log_in(page, address)
    follows(page)
    expect(page.locator("[data-ami]")).to_have_attribute("data-ami", "connected")
    stage.beat(Vitals(ami=AmiState(status="away", reason="nobody listens on 127.0.0.1:5038: is Asterisk running?")))
    expect(page.locator("[data-ami]")).to_have_attribute("data-ami", "away")
    expect(page.locator("#health")).to_contain_text("is Asterisk running?")
    stage.beat(Vitals(ami=AmiState(status="refused", reason="Asterisk refused the login: KARIPASS_AMI_SECRET")))
    expect(page.locator("#health")).to_contain_text("KARIPASS_AMI_SECRET")
    stage.beat(Vitals(ami=AmiState(status="connected", asterisk="22.10.1")))
    expect(page.locator("[data-ami]")).to_have_attribute("data-ami", "connected")


def test_a_console_that_is_away_is_told_of_and_found_again(page: Page, stage: Stage) -> None:
    with serving(stage.config()) as address:
        log_in(page, address)
        follows(page)
    expect(page.locator("#banner")).to_contain_text("does not answer")
    with serving(stage.config(), int(address.rpartition(":")[2])):
        follows(page)
        expect(page.locator("#banner")).to_be_hidden()


def test_a_page_that_is_crowded_out_says_so_and_goes_on_when_one_comes_back_to_it(
    page: Page, stage: Stage, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "STREAMS", 1)
    log_in(page, address)
    follows(page)
    other = page.context.new_page()
    other.goto(address)
    follows(other)
    expect(page.locator("#banner")).to_contain_text("this page has stopped")
    page.wait_for_selector("[data-state=crowded]")
    look_at(page, hidden=False)
    follows(page)
    expect(page.locator("#banner")).to_be_hidden()
    expect(other.locator("#banner")).to_contain_text("this page has stopped")


def test_a_page_that_nobody_sees_holds_no_stream_and_keeps_up_when_it_is_seen(
    page: Page, stage: Stage, address: str
) -> None:
    log_in(page, address)
    follows(page)
    look_at(page, hidden=True)
    page.wait_for_selector("[data-state=hidden]")
    stage.beat()
    call_id = stage.begin_call((), until_s=1)
    look_at(page, hidden=False)
    follows(page)
    expect(page.locator(f"#cards [data-key='{call_id}']")).to_have_count(1)


def look_at(page: Page, *, hidden: bool) -> None:
    """Bring a tab to the front or cover it, as far as a headless browser knows."""
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


def test_a_store_that_is_away_is_told_of_on_the_page_that_follows(page: Page, tmp_path: Path) -> None:
    programs = needs.postgresql()
    with serving_database(programs) as server:
        stage = Stage(tmp_path, server.url(server.create()))
        with serving(stage.config()) as address:
            log_in(page, address)
            follows(page)
            server.stop(signal.SIGQUIT)
            expect(page.locator("#banner")).to_contain_text("The store cannot be reached", timeout=20_000)
            server.start()
            expect(page.locator("#banner")).to_be_hidden(timeout=20_000)
        stage.close()


def test_pages_are_usable_on_a_telephone_and_by_keyboard(
    browser: Browser, page: Page, stage: Stage, address: str
) -> None:
    call_id = stage.call(bad_keys())
    log_in(page, address)
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/", "/calls", f"/calls/{call_id}", "/report?period=24h"):
        page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto(f"{address}/calls/{call_id}")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")


def test_without_scripts_everything_but_following_works(browser: Browser, stage: Stage, address: str) -> None:
    stage.beat()
    stage.begin_call((Tone(1, "1"),), until_s=3)
    context = browser.new_context(locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    log_in(page, address)
    expect(page.locator("#cards article")).to_contain_text(CONTRACT)
    page.locator("#cards article a").click()
    expect(page.locator("svg a.key")).to_have_count(1)
    context.close()
