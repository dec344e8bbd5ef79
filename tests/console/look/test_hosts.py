"""The page of hosts in a real browser: on a desktop and on a smartphone, in both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from console.operators import Role
from storage.programs.registry import Program, Registry
from storage.programs.schema import programs
from tests.axe import violations
from tests.console.look.test_browser import log_in
from tests.console.look.test_line import WIDER_THAN_THE_SCREEN
from tests.console.stage import NAMES, Stage

pytestmark = pytest.mark.slow


def furnish(stage: Stage) -> None:
    for host, kinds in (("osaka-1", ("serve", "serve", "portal")), ("tokyo-1", ("serve", "portal", "mail", "console"))):
        for pid, kind in enumerate(kinds):
            keys = ("0123456789abcdef",) if host == "osaka-1" else ("0123456789abcdef", "fedcba9876543210")
            version = "0.2.0" if host == "tokyo-1" else "0.1.0"
            Registry(
                stage.database, Program(kind=kind, version=version, schemas={}, keys=keys, host=host, pid=pid)
            ).beat()
    with stage.database.writing() as connection:
        there = programs.c.host == "osaka-1"
        connection.execute(programs.update().where(there).values(clock_ahead_s=-3600.0))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_fits_each_width_and_everybody_can_use_it(page: Page, stage: Stage, address: str, language: str) -> None:
    furnish(stage)
    stage.operators.set_language(NAMES[Role.VIEWER], language)
    log_in(page, address, NAMES[Role.VIEWER])
    page.goto(f"{address}/hosts")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("table.hosts")).to_have_count(2)
    assert violations(page) == []
    for width in (1280, 820, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert not page.evaluate(WIDER_THAN_THE_SCREEN), width
