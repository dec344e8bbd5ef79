"""Every page in a real browser: by its heading, by axe, on a smartphone, without script, and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.axe import violations
from tests.portal.look.browsing import DESKTOP, PLACES, SMARTPHONE, Place, browsing
from tests.portal.stage import Stage

pytestmark = pytest.mark.slow
EVERY = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
WIDER_THAN_THE_SCREEN = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
TOO_SMALL = """() => [...document.querySelectorAll("a, button, input:not([type=hidden])")]
  .filter((one) => !one.closest("[hidden]") && !one.matches(".skip, p a"))
  .map((one) => [one.outerHTML.slice(0, 90), (one.closest("label") || one).getBoundingClientRect().height])
  .filter(([, height]) => height > 0 && height < 44)"""


@EVERY
def test_axe_finds_nothing_wrong_and_the_keyboard_alone_reaches_everything_and_shows_where_it_is(
    browser: Browser, stage: Stage, address: str, place: Place
) -> None:
    with browsing(browser, viewport=DESKTOP, color_scheme="light") as page:
        place.go(page, address, stage)
        expect(page.get_by_role("heading", level=1)).to_contain_text(place.title)
        assert page.locator("h1").count() == 1
        assert violations(page) == []
        page.set_viewport_size(SMARTPHONE)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # no colour is half way to another
        assert violations(page) == []
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="light")
        wanted, reached = by_keyboard(page)
        assert reached == wanted


@EVERY
def test_it_fits_a_smartphone_and_a_thumb(browser: Browser, stage: Stage, address: str, place: Place) -> None:
    with browsing(browser, viewport=SMARTPHONE, locale="ja-JP") as page:
        place.go(page, address, stage)
        assert not page.evaluate(WIDER_THAN_THE_SCREEN)
        assert page.evaluate(TOO_SMALL) == []


@EVERY
def test_it_is_there_without_script(browser: Browser, stage: Stage, address: str, place: Place) -> None:
    with browsing(browser, java_script_enabled=False) as page:
        place.go(page, address, stage)
        expect(page.get_by_role("heading", level=1)).to_contain_text(place.title)


def by_keyboard(page: Page) -> tuple[set[int], set[int]]:
    """Press Tab until it has come everywhere, or is stuck; what it comes to must show that it is there.

    Returns:
        What there is to come to, and what was reached.
    """
    page.evaluate("document.activeElement.blur()")
    wanted = page.evaluate(
        """() => [...document.querySelectorAll("a, button, input:not([type=hidden])")]
          .filter((one) => !one.closest("[hidden]")).map((one, place) => (one.dataset.place = place))"""
    )
    reached = set()
    for _ in range(3 * len(wanted) + 5):
        page.keyboard.press("Tab")
        where = page.evaluate(
            """() => { const one = document.activeElement, style = getComputedStyle(one.closest(".check") || one);
              return [one.dataset.place, style.outlineStyle !== "none" || one.matches("main")]; }"""
        )
        if where[0] is not None:
            assert where[1], page.evaluate("document.activeElement.outerHTML")
            reached.add(int(where[0]))
        if len(reached) == len(wanted):
            break
    return set(wanted), reached
