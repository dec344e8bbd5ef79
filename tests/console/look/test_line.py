"""The page of a line's credentials in a real browser: on a desktop and on a smartphone, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from console.operators import Role
from tests.console.lines.conftest import give_states
from tests.console.look.test_browser import log_in
from tests.console.server import serving
from tests.console.stage import ADDITIONAL, CONTRACT, NAMES, Stage

pytestmark = pytest.mark.slow

WIDTHS = (1280, 820, 390)
BROKEN_MOMENTS = """() => [...document.querySelectorAll("time")]
  .filter((one) => one.getClientRects().length !== 1).map((one) => one.textContent)"""
ROWS_OF_BUTTONS = """() => [...document.querySelectorAll("td.actions")].map((cell) => {
  const box = cell.getBoundingClientRect();
  return [...cell.querySelectorAll(".button")].map((one) => {
    const at = one.getBoundingClientRect();
    return {left: at.left - box.left, right: box.right - at.right, top: at.top, bottom: at.bottom};
  });
})"""
WIDER_THAN_THE_SCREEN = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, empty_stage: Stage) -> Iterator[Stage]:
    """A console with a line whose numbers have credentials in every state."""
    stage = Stage(tmp_path_factory.mktemp("line"), copy_of=empty_stage)
    with stage.open_store() as store:
        give_states(store)
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def address(furnished: Stage) -> Iterator[str]:
    with serving(furnished.config()) as address:
        yield address


@pytest.fixture(params=[(width, language) for width in WIDTHS for language in ("en", "ja")], ids=str)
def shown(browser: Browser, furnished: Stage, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield the page of the line, in each width and language."""
    width, language = request.param
    operator = NAMES[Role.OPERATOR]
    furnished.operators.set_language(operator, language)
    context = browser.new_context(locale=language, viewport={"width": width, "height": 844})
    context.set_default_timeout(20_000)
    page = context.new_page()
    log_in(page, address, operator)
    page.goto(f"{address}/lines?number={CONTRACT}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    yield page
    context.close()


def width_of(page: Page) -> int:
    size = page.viewport_size
    assert size is not None
    return size["width"]


def test_it_fits_and_no_moment_is_broken_in_two(shown: Page) -> None:
    expect(shown.locator("table.numbers tbody tr")).to_have_count(2)
    assert shown.locator("time").count() == 3
    assert shown.evaluate(BROKEN_MOMENTS) == []
    assert not shown.evaluate(WIDER_THAN_THE_SCREEN)


def test_buttons_stand_at_one_edge_and_do_not_touch(shown: Page) -> None:
    rows = shown.evaluate(ROWS_OF_BUTTONS)
    assert [len(row) for row in rows] == [3, 1]
    edge = "left" if width_of(shown) <= 1080 else "right"
    for buttons in rows:
        lines: dict[float, list[dict[str, float]]] = {}
        for button in buttons:
            lines.setdefault(round(button["top"]), []).append(button)
        for line in lines.values():
            assert min(button[edge] for button in line) < 1, line
        tops = sorted(lines)
        for above, below in pairwise(tops):
            assert below - max(button["bottom"] for button in lines[above]) >= 2


def test_the_number_that_was_asked_for_stands_out(shown: Page) -> None:
    sought = shown.locator("tr.sought")
    expect(sought).to_have_count(1)
    expect(sought).to_contain_text(CONTRACT)
    expect(shown.locator("tr:not(.sought)").last).to_contain_text(ADDITIONAL)


def test_an_action_asks_first_and_can_be_left(shown: Page) -> None:
    shown.locator("td.actions .button.danger").first.click()
    expect(shown.get_by_role("heading", level=1)).to_be_visible()
    assert not shown.evaluate(WIDER_THAN_THE_SCREEN)
    shown.locator(".buttons a").click()
    expect(shown.locator("table.numbers")).to_be_visible()
