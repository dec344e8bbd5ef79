"""The whole story of a subscriber, acted on the running product: from the call to a changed unit.

A subscriber without a password calls the access number, logs in at the settings site with what the call has set,
chooses a password and one-time passwords, gets the mails, logs out and in again with a code, and changes the unit,
which ends all logins of the line. Each step is a picture.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.async_api import Page, expect

from ivr.call.dialogue.events import Outcome
from pictures.browser import DESKTOP, SMARTPHONE, Screen, empty_page
from pictures.callers import Person, listening, place
from pictures.errors import PictureError
from pictures.product import Product

STEPS: Final = ("login", "renew", "choose", "use", "review", "link", "code", "menu", "unit", "changed")
"""The pictures, in their order."""
_MAIL_S: Final = 20.0
_LINK: Final = re.compile(r"http://\S+/confirm/\S+")
_CODE: Final = re.compile(r"\b\d{4} \d{4}\b")


def _eight_digits() -> str:
    """Eight digits, none of them twice in a row: a telephone call of them is told apart from chance."""
    digits = [secrets.choice("0123456789")]
    while len(digits) < 8:
        digits.append(secrets.choice([digit for digit in "0123456789" if digit != digits[-1]]))
    return "".join(digits)


def _letters_and_digits() -> str:
    return "".join(
        secrets.choice(letters) for letters in ("BDFH", "acegi", "26", "kmoqs", "48", "uwy", "37", "bdfhj", "59")
    )


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """Who acts the story.

    Attributes:
        number: a contract number of the sample lines.
        address: where the mails go.
        temporary, password, confirmation_id, confirmation_password: the secrets that are typed.
    """

    number: str
    address: str
    temporary: str = field(default_factory=_eight_digits, repr=False)
    password: str = field(default_factory=_letters_and_digits, repr=False)
    confirmation_id: str = field(default_factory=_letters_and_digits, repr=False)
    confirmation_password: str = field(default_factory=_letters_and_digits, repr=False)


HANAKO: Final = Subscriber(number="0312345678", address="hanako@example.jp")
TARO: Final = Subscriber(number="0661234567", address="taro@example.jp")


async def tell_story(product: Product, target: Path, *, on_desktop: Collection[str] = STEPS) -> list[str]:
    """Act the story on a smartphone in Japanese, and on a desktop in English; both at the same time.

    Args:
        product: what is called, and whose site is used.
        target: a directory for the pictures: `story-STEP.png` of the smartphone, `story-desktop-STEP.png`.
        on_desktop: the steps whose pictures are taken on the desktop, too.

    Returns:
        What was secret in it: what was typed, and the codes and links of the mails.

    Raises:
        PictureError: a step did not go as it has to.
    """
    acts = (
        _act(product, HANAKO, SMARTPHONE, {step: target / f"story-{step}.png" for step in STEPS}),
        _act(product, TARO, DESKTOP, {step: target / f"story-desktop-{step}.png" for step in on_desktop}),
    )
    return [secret for secrets_of_one in await asyncio.gather(*acts) for secret in secrets_of_one]


async def _act(product: Product, who: Subscriber, screen: Screen, pictures: Mapping[str, Path]) -> list[str]:
    caller = Person(number=who.number, steps=listening("1", who.temporary, who.temporary))
    if (outcome := await place(product.settings, caller)) != Outcome.SET:
        raise PictureError(f"the call of the story ended as {outcome}, not as {Outcome.SET.value}")
    async with empty_page(screen) as page:

        async def picture(step: str) -> None:
            if step in pictures:
                await page.screenshot(path=pictures[step], animations="disabled", full_page=True)

        return await _Story(product, who, page, picture).act()


class _Story:
    def __init__(
        self, product: Product, who: Subscriber, page: Page, picture: Callable[[str], Awaitable[None]]
    ) -> None:
        self._product = product
        self._who = who
        self._page = page
        self._picture = picture
        self._mails = 0

    async def act(self) -> list[str]:
        """Act all of it; returns what was secret."""
        who, page = self._who, self._page
        await page.goto(f"{self._product.site}/")
        await self._picture("login")
        await self._log_in(who.temporary)
        await self._picture("renew")
        await self._fill(current=who.temporary, new=who.password, again=who.password)
        await self._log_in(who.password)
        await self._picture("choose")
        await page.click('a[href="/one-time/use"]')
        await self._picture("use")
        wanted = {"confirmation-id": who.confirmation_id, "confirmation-password": who.confirmation_password}
        await self._fill(address=who.address, **wanted)
        await self._picture("review")
        await self._fill(**{"confirmation-password": who.confirmation_password})
        link = await self._mailed(_LINK)
        await page.goto(link)
        await self._picture("link")
        await self._press()
        await page.goto(f"{self._product.site}/")
        await page.click('form[action="/logout"] button')
        code = await self._log_in_with_code()
        await self._picture("menu")
        await page.click('a[href="/unit"]')
        await page.click('a[href="/unit/admin-user"]')
        await self._picture("unit")
        await self._fill(**{f"password-{who.number}": who.password})
        await self._picture("changed")
        await page.goto(f"{self._product.site}/")  # the change has ended all logins of the line
        await expect(page.locator("#secret")).to_be_visible()
        typed = [who.temporary, who.password, who.confirmation_password]  # the store keeps the id as it is
        return [*typed, link.rsplit("/", 1)[1], code, code.replace(" ", "")]

    async def _log_in_with_code(self) -> str:
        await self._log_in(self._who.password)
        await self._press('form[action="/one-time/code/send"]')
        code = await self._mailed(_CODE)
        await self._picture("code")
        await self._page.fill("#code", code)
        await self._press('form[action="/one-time/code"]')
        return code

    async def _log_in(self, secret: str) -> None:
        if await self._page.locator("#number").count() == 0:
            await self._page.goto(f"{self._product.site}/login")
        await self._fill(number=self._who.number, secret=secret)

    async def _fill(self, **fields: str) -> None:
        for name, value in fields.items():
            await self._page.fill(f"#{name}", value)
        await self._press()

    async def _press(self, form: str = "main form") -> None:
        """Press the first button of a form, and wait for what comes; a page that refuses says why."""
        await self._page.locator(f"{form} button").first.click()
        await self._page.wait_for_load_state()
        refused = await self._page.locator("main .errors, main .alert.bad").all_inner_texts()
        if refused:
            raise PictureError(f"{self._page.url} refused: {' '.join(refused)}")

    async def _mailed(self, what: re.Pattern[str]) -> str:
        """Wait for the next mail to this subscriber; returns the part of it that is wanted."""
        async with asyncio.timeout(_MAIL_S):
            while len(mails := await self._product.mails_to(self._who.address)) <= self._mails:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        self._mails = len(mails)
        found = what.search(mails[0])
        if found is None:
            raise PictureError("a mail of the story has neither code nor link")
        return found[0]
