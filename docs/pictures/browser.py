"""A browser: the machine's own Chromium, with a Japanese font whatever fonts the machine has."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from playwright.async_api import Locator, Page, async_playwright

from pictures.errors import PictureError

_FONTS: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Screen:
    """What somebody looks at.

    Attributes:
        width, height: in points.
        locale: the browser's language.
        density: pixels of a point.
    """

    width: int
    height: int
    locale: str = "en-GB"
    density: float = 1.0


DESKTOP: Final = Screen(1280, 860)
SMARTPHONE: Final = Screen(390, 844, "ja-JP", 2.0)


@asynccontextmanager
async def empty_page(screen: Screen = DESKTOP) -> AsyncIterator[Page]:
    """A page on a screen.

    Raises:
        PictureError: there is no browser.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise PictureError("chromium is not on PATH; as root: docker/host-packages chromium libatomic1")
    with tempfile.TemporaryDirectory(prefix="karipass-fonts-") as directory:
        fonts = Path(directory) / "fonts.conf"
        japanese = resources.files("matplotlib_fontja") / "fonts"
        fonts.write_text(_FONTS.format(fonts=japanese, cache=directory), encoding="utf-8")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"], env={**os.environ, "FONTCONFIG_FILE": str(fonts)}
            )
            try:
                yield await browser.new_page(
                    viewport={"width": screen.width, "height": screen.height},
                    device_scale_factor=screen.density,
                    locale=screen.locale,
                )
            finally:
                await browser.close()


async def log_in(page: Page, console: str, name: str, password: str) -> None:
    """Log in, as an operator does it; the page shows what is live then.

    Args:
        page: a page.
        console: the console's address.
        name: of the operator.
        password: of the operator.
    """
    await page.goto(f"{console}/login")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_selector("[data-state=following]")


def vital(page: Page, name: str) -> Locator:
    """A figure that the service reports of itself, on the live page."""
    return page.locator("#health dl div").filter(has=page.get_by_text(name, exact=True)).locator("dd")
