"""Takes pictures of the console for the README, with calls made of tones.

python -m tests.console.look.screenshots docs/
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ivr.records.changes import Change
from tests.console.server import serving
from tests.console.stage import ADDITIONAL, CONTRACT, OPERATOR_PASSWORD, Stage, Tone, bad_keys

CALLERS = ("0312345678", "0312345679", "0661234567", "0661234568", "0527654321", "0924446666", "09012345678")


def set_up(stage: Stage) -> str:
    """Fill a store with a week of calls and some that go on; return the id of the call with three bad keys."""
    now = datetime.now(UTC)
    dice = random.Random(5)
    kinds = _kinds(stage)
    for began_at in _office_hours(dice, now):
        kind = dice.choices(list(kinds), weights=[58, 12, 8, 9, 6, 3, 4])[0]
        trunk = dice.choices(["carrier-a", "carrier-b", "office"], weights=[6, 3, 2])[0]
        stage.again(kinds[kind], began_at, caller=dice.choice(CALLERS), trunk=trunk)
    stage.beat()
    complaint = stage.call(
        (*bad_keys(), Tone(21, "2"), Tone(29, ADDITIONAL + "#", pause_s=0.25), Tone(41, "2468", level_dbm0=-20)),
        began_at=now - timedelta(seconds=95),
        trunk="carrier-b",
    )
    going_on = {
        8.0: ((), CONTRACT, "carrier-a"),
        17.0: (bad_keys(), "0661234568", "carrier-b"),
        26.0: ((Tone(9, "2"), Tone(16, "06612345"), Tone(22, "67#")), "0661234567", "office"),
        29.0: ((Tone(6, "9"), Tone(17, "1", level_dbm0=-15)), "0527654321", "carrier-b"),
        33.0: ((Tone(7, "1"), Tone(22, "864209", pause_s=0.2)), "0661234567", "carrier-a"),
        37.0: ((Tone(7, "1"), Tone(22, "86420975", pause_s=0.2)), ADDITIONAL, "carrier-a"),
    }
    for until_s, (tones, caller, trunk) in going_on.items():
        stage.begin_call(tones, until_s=until_s, began_at=now - timedelta(seconds=until_s), caller=caller, trunk=trunk)
    return complaint


def _office_hours(dice: random.Random, now: datetime) -> Iterator[datetime]:
    """Return when the calls of a week started, and some of the last minutes."""
    for day in range(8):
        midnight = now.astimezone().replace(hour=0, minute=0, second=0) - timedelta(days=day)
        calls = (70, 25)[midnight.weekday() >= 5]
        moments = [midnight + timedelta(hours=dice.triangular(7, 21, 11)) for _ in range(calls)]
        yield from (moment for moment in moments if now - timedelta(days=7) < moment < now - timedelta(minutes=30))
    yield from (now - timedelta(minutes=dice.uniform(2, 30)) for _ in range(14))


def _kinds(stage: Stage) -> dict[str, list[Change]]:
    line = (
        Tone(6, "1", level_dbm0=-14, snr_db=38),
        Tone(20, "24681357", level_dbm0=-14, twist_db=-2, snr_db=32),
        Tone(31, "24681357", level_dbm0=-16, snr_db=33),
    )
    number = (
        Tone(8, "2", level_dbm0=-9, snr_db=28),
        Tone(15, ADDITIONAL + "#", level_dbm0=-9, twist_db=2.5, snr_db=27),
        Tone(28, "13572468", level_dbm0=-9, twist_db=2.5, snr_db=24),
        Tone(36, "13572468", level_dbm0=-9, snr_db=24),
    )
    weak = (
        Tone(6, "1", level_dbm0=-30, twist_db=-5, snr_db=21),
        Tone(8, "1", level_dbm0=-38, twist_db=-9.5, snr_db=12),
        Tone(20, "97531864", level_dbm0=-27, twist_db=-5, snr_db=22),
        Tone(31, "97531864", level_dbm0=-26, twist_db=-4, snr_db=20),
    )
    differs = (*line[:2], Tone(31, "24681358", snr_db=30), Tone(42, "24681357", snr_db=30))
    return {
        "line": stage.changes_of(line)[1],
        "number": stage.changes_of(number)[1],
        "weak": stage.changes_of(weak)[1],
        "hung up": stage.changes_of(line[:2], hang_up_s=24)[1],
        "differs": stage.changes_of(differs)[1],
        "bad keys": stage.changes_of(bad_keys())[1],
        "stranger": stage.changes_of((), caller="0459998888")[1],
    }


def log_in(page: Page, address: str, name: str = "otto", password: str = OPERATOR_PASSWORD) -> None:
    """Log in as an operator does."""
    page.goto(f"{address}/login")
    page.get_by_label("Name").or_(page.get_by_label("名前")).fill(name)
    page.locator("input[type=password]").fill(password)
    page.locator("button.main").click()
    page.wait_for_url(f"{address}/")


def main(target: Path) -> None:
    """Take the pictures."""
    with tempfile.TemporaryDirectory() as directory:
        stage = Stage(Path(directory))
        complaint = set_up(stage)
        with serving(stage.config()) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-GB")
            log_in(page, address)
            page.wait_for_selector("[data-state=following]")
            page.screenshot(path=target / "console-live.png")
            for name, path in (("call", f"/calls/{complaint}"), ("report", "/report?period=7d")):
                page.goto(f"{address}{path}")
                page.screenshot(path=target / f"console-{name}.png")
            browser.close()
        stage.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
