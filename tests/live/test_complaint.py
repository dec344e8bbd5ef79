"""A complaint, acted out on a real call: seen as it happens, found afterwards, and explained."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.live.callers.bad_keys import bad_keys
from tests.live.callers.subscribers import CONTRACT
from tests.live.console import PATIENCE_MS, console, watching
from tests.live.house import House, ivr_command


def test_a_complaint_on_a_real_call_is_seen_found_and_explained(tmp_path: Path, browser: Browser) -> None:
    wav = bad_keys(tmp_path / "bad.wav")
    impatient = House(tmp_path, settings={"KARIPASS_FIRST_KEY_S": "1"})
    with impatient as house:
        with console(house) as address, watching(browser, address) as page:
            calling = subprocess.Popen(
                [ivr_command(), "call", "--from", CONTRACT, "--wav", str(wav)],
                env=house.environment,
                cwd=house.directory,
                stdout=subprocess.DEVNULL,
            )
            trouble = page.locator("#cards .trouble")
            expect(trouble).to_contain_text(re.compile("unequal tones|too short|off frequency"), timeout=PATIENCE_MS)
            calling.wait(120)
            found_on_the_console(page)
        found_by_commands(house)


def found_on_the_console(page: Page) -> None:
    page.get_by_role("link", name="Calls").click()
    page.get_by_label("Number").fill("03-1234-5678")
    page.get_by_label("Outcome").select_option("failed")
    page.get_by_role("button", name="Find").click()
    page.locator("tbody tr a").click()
    for told in ("unequal tones: twist -1", "too short: 2", "off frequency: low tone +3.0 %, high tone +3.0 %"):
        expect(page.locator(".why li", has_text=told).first).to_be_visible()
    expect(page.get_by_text("too often nothing was pressed").first).to_be_visible()


def found_by_commands(house: House) -> None:
    listed = house.ivr("calls", "--number", CONTRACT, "--outcome", "failed", "--since", "1h", check=True).stdout
    found = re.search(rf"^([0-9a-f]{{12}}) .* {CONTRACT} .* failed \(silence\)", listed, re.MULTILINE)
    assert found, listed
    told = house.ivr("call", "show", found[1], check=True).stdout
    assert re.search(r"miss 1 +unequal tones: twist -1[12]\.\d dB; -8 to \+5 dB is accepted", told)
    assert re.search(r"miss 1 +too short: 2\d ms; at least 40 ms are asked for", told)
    assert re.search(r"miss 1 +off frequency: low tone \+3\.0 %, high tone \+3\.0 %; up to 1\.8 % is accepted", told)
    assert re.search(r"entry +unit: nothing silent \(no. 3\)", told)
    report = house.ivr("report", "--since", "1h", check=True).stdout
    assert re.search(r"Where callers fail.*\n +unit +1", report)
