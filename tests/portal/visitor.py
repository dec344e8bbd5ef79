"""A visitor of the settings site."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx

from tests.portal.stage import CONTRACT, PASSWORD


class Visitor(httpx.Client):
    """A browser without a screen: it keeps cookies, and sends forms with the token that is on the page."""

    def __init__(self, base_url: str, *, language: str = "en", **options: Any) -> None:
        super().__init__(base_url=base_url, timeout=20, headers={"accept-language": language}, **options)

    def csrf(self, path: str) -> str:
        """Return the token of the forms on a page."""
        found = re.search(r'name="csrf" value="(\w+)"', self.get(path).text)
        assert found is not None, path
        return found[1]

    def fill_in(self, path: str, *, on: str = "", **fields: str) -> httpx.Response:
        """Send a form that is on a page, by default on the page with the form's own address."""
        return self.post(path, data={"csrf": self.csrf(on or path), **fields})

    def log_in(self, number: str = CONTRACT, secret: str = PASSWORD) -> httpx.Response:
        """Send the form of the login page."""
        return self.fill_in("/login", number=number, secret=secret)

    def change_password(self, path: str, current: str, new: str, again: str | None = None) -> httpx.Response:
        """Send the form of a page on which a password is changed."""
        return self.fill_in(path, current=current, new=new, again=new if again is None else again)


def said(answer: httpx.Response) -> str:
    """Return what a page says, without its marks."""
    body = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
