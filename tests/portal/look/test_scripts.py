"""The small scripts: the rules beside a password, the countdown of a code, and the warning before a login ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.portal.look.browsing import PLACES, SMARTPHONE, browsing, log_in
from tests.portal.stage import CONTRACT, PASSWORD, Stage

pytestmark = pytest.mark.slow


def test_the_rules_show_at_each_key_which_are_kept(browser: Browser, stage: Stage, address: str) -> None:
    with browsing(browser, viewport=SMARTPHONE) as page:
        log_in(page, address)
        page.goto(f"{address}/password")
        rule = page.locator("[data-rule=LENGTH]")
        expect(rule).not_to_have_attribute("data-met", "yes")
        for text, length, digits, steady in (("1234", "no", "no", "no"), ("a1b2c3d4", "yes", "yes", "yes")):
            page.locator("#new").fill(text)
            expect(rule).to_have_attribute("data-met", length)
            expect(page.locator("[data-rule=DIGITS_ALONE]")).to_have_attribute("data-met", digits)
            expect(page.locator("[data-rule=STEADY_RUN]")).to_have_attribute("data-met", steady)
        page.locator("#new").fill(f"a{CONTRACT}")
        expect(page.locator("[data-rule=HAS_NUMBER]")).to_have_attribute("data-met", "no")


def test_a_code_counts_down(browser: Browser, stage: Stage, address: str) -> None:
    [place] = [place for place in PLACES if place.name == "code-sent"]
    with browsing(browser) as page:
        place.go(page, address, stage)
        expect(page.locator("[data-ends-in]")).to_have_text("4:58", timeout=10_000)


def test_two_minutes_before_its_end_a_login_warns_and_a_button_extends_it(
    browser: Browser, stage: Stage, address: str
) -> None:
    with browsing(browser) as page:
        log_in(page, address)
        warning = page.get_by_role("alertdialog")
        expect(warning).to_be_hidden()
        stage.later = timedelta(minutes=13, seconds=10)
        page.clock.install()
        page.reload()  # a use of the session
        expect(warning).to_be_hidden()
        stage.later += timedelta(minutes=13, seconds=10)
        page.clock.run_for(13 * 60_000 + 10_000)
        expect(warning).to_be_visible()
        expect(warning).to_contain_text("1:")
        warning.get_by_role("button").click()
        expect(warning).to_be_hidden()
        stage.later += timedelta(minutes=10)
        page.goto(f"{address}/unit")
        expect(page.get_by_role("heading", level=1)).to_have_text("Unit")


def test_a_page_that_nobody_uses_says_that_its_login_has_ended(browser: Browser, stage: Stage, address: str) -> None:
    with browsing(browser) as page:
        page.clock.install()
        log_in(page, address)
        stage.later = timedelta(minutes=16)
        page.clock.run_for(16 * 60_000)
        expect(page.get_by_role("heading", level=1)).to_have_text("This login has ended")
        expect(page.locator("main")).to_contain_text("because the site was not used")


def test_an_older_page_says_by_itself_that_a_newer_login_ended_it(browser: Browser, stage: Stage, address: str) -> None:
    with browsing(browser) as page:
        page.clock.install()
        log_in(page, address)
        stage.store.start_session(CONTRACT, PASSWORD)
        page.clock.run_for(65_000)
        expect(page.locator("main")).to_contain_text("A newer login with this number was made")
