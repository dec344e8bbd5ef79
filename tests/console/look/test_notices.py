"""The page of call notices in a real browser: on a desktop and on a smartphone, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from console.operators import Role
from tests.console.look.test_browser import log_in
from tests.console.look.test_line import BROKEN_MOMENTS, WIDER_THAN_THE_SCREEN
from tests.console.notices.happenings import furnish
from tests.console.server import serving
from tests.console.stage import NAMES, Stage

pytestmark = pytest.mark.slow

CUT_OFF = """() => { const box = document.querySelector(".panel.scroll"); return box.scrollWidth > box.clientWidth; }"""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, empty_stage: Stage) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("notices"), copy_of=empty_stage)
    furnish(stage)
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def address(furnished: Stage) -> Iterator[str]:
    with serving(furnished.config()) as address:
        yield address


@pytest.fixture(params=["en", "ja"])
def page(browser: Browser, furnished: Stage, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield the page of call notices in each language."""
    furnished.operators.set_language(NAMES[Role.OPERATOR], request.param)
    context = browser.new_context(locale=request.param)
    context.set_default_timeout(20_000)
    page = context.new_page()
    log_in(page, address, NAMES[Role.OPERATOR])
    page.goto(f"{address}/notices")
    expect(page.locator("html")).to_have_attribute("lang", request.param)
    yield page
    context.close()


def test_it_fits_each_width_and_no_moment_is_broken_in_two(page: Page) -> None:
    expect(page.locator("table.notices tbody tr")).to_have_count(7)
    for width in (1280, 820, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert not page.evaluate(WIDER_THAN_THE_SCREEN), width
        assert page.evaluate(BROKEN_MOMENTS) == [], width
        assert not page.evaluate(CUT_OFF), width
