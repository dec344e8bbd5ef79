"""The operators' console beside a real Asterisk: it shows calls as they go, and Asterisk's going and coming, too."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.live.callers.media import BRISK, Press, duration_s
from tests.live.callers.subscribers import CONTRACT, from_trunk
from tests.live.console import PATIENCE_MS, console, watching
from tests.live.house import House, new_password


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
