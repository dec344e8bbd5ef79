"""The console's pictures: what an operator sees while people call."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

from playwright.async_api import Page, expect

from ivr.call.dialogue.events import Outcome
from ivr.host.settings import Settings
from ivr.records import CallReader, Query, open_existing_records
from pictures.browser import empty_page, log_in, vital
from pictures.callers import BEFORE, COMPLAINT, GOING_ON, place, place_all
from pictures.errors import PictureError
from pictures.product import Product
from storage.clock import utc_now

_OPERATOR: Final = "hanako"
_PATIENCE_MS: Final = 30_000
"""A service reports of itself every 10 s."""


async def take_pictures(product: Product, target: Path) -> None:
    """Have people call, and take pictures of what the console shows of it.

    Args:
        product: what they call.
        target: a directory for the pictures.

    Raises:
        PictureError: the call that is to be shown did not end as it has to.
    """
    password = secrets.token_urlsafe()
    role = ("--role", "operator", "--language", "en", "--password-stdin")
    await asyncio.to_thread(product.ivr, "operator", "add", _OPERATOR, *role, typed=f"{password}\n")
    since = utc_now()
    outcomes = dict(zip(BEFORE, await place_all(product.settings, BEFORE), strict=True))
    if outcomes[COMPLAINT] != Outcome.FAILED:
        raise PictureError(f"the call to be shown ended as {outcomes[COMPLAINT]}, not as {Outcome.FAILED.value}")
    async with empty_page() as page:
        await log_in(page, product.console, _OPERATOR, password)
        await _take_live(page, product.settings, target / "console-live.png")
        complaint = await asyncio.to_thread(_failed, product.settings, since)
        for name, path in (("call", f"/calls/{complaint}"), ("report", "/report?period=7d")):
            await page.goto(f"{product.console}{path}")
            await page.screenshot(path=target / f"console-{name}.png", animations="disabled")


async def _take_live(page: Page, settings: Settings, picture: Path) -> None:
    """Take the live page when the service has reported that all these calls are there, and how late its clock is."""
    calls = [asyncio.create_task(place(settings, person, after_s=after_s)) for after_s, person in GOING_ON.items()]
    await asyncio.sleep(max(GOING_ON))
    await expect(page.locator("#cards article")).to_have_count(len(GOING_ON), timeout=_PATIENCE_MS)
    await expect(vital(page, "calls")).to_have_text(str(len(GOING_ON)), timeout=_PATIENCE_MS)
    await expect(vital(page, "media clock late, at most")).to_contain_text("ms")
    await page.screenshot(path=picture, animations="disabled")
    await asyncio.gather(*calls)


def _failed(settings: Settings, since: datetime) -> str:
    """The one call that has failed since then."""
    database = open_existing_records(settings.store_url)
    try:
        [call] = CallReader(database).search(Query(outcome=Outcome.FAILED.value, since=since))
    finally:
        database.close()
    return call.call_id
