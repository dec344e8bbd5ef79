"""The mailbox in a real browser, as wide as a smartphone and as a desktop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.mail.mailbox.conftest import RunningMailbox

pytestmark = pytest.mark.slow


@pytest.fixture(params=[390, 1280], ids=["smartphone", "desktop"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Return a page; the test fails if the content security policy refuses anything or a script fails."""
    faults: list[str] = []
    context = browser.new_context(locale="ja-JP", viewport={"width": request.param, "height": 800})
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert faults == []


def test_a_mail_appears_by_itself_can_be_read_and_its_link_followed(page: Page, mailbox: RunningMailbox) -> None:
    page.goto(mailbox.address)
    expect(page.get_by_text("メールはまだ届いていません")).to_be_visible()
    link = f"{mailbox.address}/?confirm=abc"
    mailbox.get(
        subject="メールアドレスの確認", text=f"次のリンクを開いてください。\n{link}\n", to="ann" * 30 + "@example.jp"
    )
    page.get_by_role("link", name="メールアドレスの確認").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("メールアドレスの確認")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name=link).click()
    expect(page).to_have_url(link)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_scripts_a_mail_appears_by_itself_too(browser: Browser, mailbox: RunningMailbox) -> None:
    context = browser.new_context(locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto(mailbox.address)
    mailbox.get(subject="Your code")
    expect(page.get_by_text("Your code")).to_be_visible(timeout=10_000)
    context.close()
