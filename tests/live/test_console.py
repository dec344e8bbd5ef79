"""The operators' console beside a real Asterisk: calls are seen as they go, and Asterisk's going and coming too."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ivr.lab.free_ports import free_tcp_ports
from tests import needs
from tests.live.callers.media import BRISK, Press, duration_s
from tests.live.house import House, ivr_command, new_password
from tests.live.test_calls import CONTRACT, from_trunk
from tests.live.test_records import bad_keys

PASSWORD = "correct horse battery"
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = needs.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def console(house: House) -> Iterator[str]:
    """`ivr console` in a house, with an operator; gives its address."""
    [port] = free_tcp_ports(1)
    environment = house.environment | {"KARIPASS_CONSOLE_PORT": str(port)}
    adding = [ivr_command(), "operator", "add", "otto", "--role", "operator", "--language", "en", "--password-stdin"]
    subprocess.run(adding, env=environment, input=PASSWORD, text=True, check=True, capture_output=True)
    process = subprocess.Popen(
        [ivr_command(), "console"], env=environment, cwd=house.directory, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        assert any("console_serving" in line for line in process.stderr)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        rest = process.stderr.read()
        process.stderr.close()
        assert process.wait(30) == 0
        assert "Traceback" not in rest
        subprocess.run([ivr_command(), "operator", "remove", "otto"], env=environment, check=True)


@contextmanager
def watching(browser: Browser, address: str) -> Iterator[Page]:
    """The live page, as an operator sees it."""
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Name").fill("otto")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("[data-state=following]")
    yield page
    context.close()


def test_a_real_call_is_seen_from_its_first_moment_to_its_end(house: House, browser: Browser) -> None:
    password = new_password()
    presses = [Press(keys="1", after_s=3.0), Press(keys=password, after_s=2.5), Press(keys=password, after_s=2.5)]
    with console(house) as address, watching(browser, address) as page:
        call = house.trunk.start(from_trunk(CONTRACT), presses, hang_up_after_s=duration_s(presses, BRISK) + 3)
        card = page.locator("#cards article")
        expect(card).to_contain_text(CONTRACT, timeout=PATIENCE_MS)
        seen = [page.content()]
        for step in ("unit", "password", "confirm"):
            expect(card.locator("[aria-current=step]")).to_have_text(step, timeout=PATIENCE_MS)
            seen.append(page.content())
        assert call.wait().completed
        expect(card).to_have_count(0, timeout=PATIENCE_MS)
        expect(page.locator("#recent tbody tr").first).to_contain_text("set")
        page.locator("#recent tbody tr a").first.click()
        expect(page.locator("svg a.key")).to_have_count(17)
        expect(page.locator("svg a.key.unknown")).to_have_count(16)
        seen.append(page.content())
    assert not any(password in content for content in seen)
    assert house.places_with([password]) == []


def test_a_complaint_on_a_real_call_is_seen_found_and_explained(tmp_path: Path, browser: Browser) -> None:
    wav = bad_keys(tmp_path / "bad.wav")
    impatient = House(tmp_path, settings={"KARIPASS_FIRST_KEY_S": "1"})
    with impatient as house, console(house) as address, watching(browser, address) as page:
        calling = subprocess.Popen(
            [ivr_command(), "call", "--from", CONTRACT, "--wav", str(wav)],
            env=house.environment,
            cwd=house.directory,
            stdout=subprocess.DEVNULL,
        )
        trouble = page.locator("#cards .trouble")
        expect(trouble).to_contain_text(re.compile("unequal tones|too short|off frequency"), timeout=PATIENCE_MS)
        calling.wait(120)
        page.get_by_role("link", name="Calls").click()
        page.get_by_label("Number").fill("03-1234-5678")
        page.get_by_label("Outcome").select_option("failed")
        page.get_by_role("button", name="Find").click()
        page.locator("tbody tr a").click()
        for told in ("unequal tones: twist -1", "too short: 2", "off frequency: low tone +3.0 %, high tone +3.0 %"):
            expect(page.locator(".why li", has_text=told).first).to_be_visible()
        expect(page.get_by_text("too often nothing was pressed").first).to_be_visible()


def test_a_restart_of_asterisk_is_seen_by_who_watches(tmp_path: Path, browser: Browser) -> None:
    with House(tmp_path) as house, console(house) as address, watching(browser, address) as page:
        ami = page.locator("[data-ami]")
        expect(ami).to_have_attribute("data-ami", "connected", timeout=PATIENCE_MS)
        house.exchange.stop()
        expect(ami).to_have_attribute("data-ami", "away", timeout=PATIENCE_MS)
        expect(ami.locator(".reason")).to_contain_text("AMI")
        house.exchange.start()
        expect(ami).to_have_attribute("data-ami", "connected", timeout=PATIENCE_MS)
        expect(ami).to_contain_text("22.")


def test_a_wrong_secret_of_the_manager_interface_is_named(tmp_path: Path, browser: Browser) -> None:
    misled = House(tmp_path, settings={"KARIPASS_AMI_SECRET": "not-the-one-of-manager-conf"})
    with misled as house, console(house) as address, watching(browser, address) as page:
        ami = page.locator("[data-ami]")
        expect(ami).to_have_attribute("data-ami", "refused", timeout=PATIENCE_MS)
        expect(ami.locator(".reason")).to_contain_text("KARIPASS_AMI_SECRET")
        assert house.ami_secret not in page.content()
        assert "not-the-one-of-manager-conf" not in page.content()
