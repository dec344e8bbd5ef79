"""A visitor of the console."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx

from console.operators import Role
from tests.console.stage import OPERATOR_PASSWORD


class Visitor(httpx.Client):
    """A browser without a screen: it keeps cookies, and sends forms with the token that is on the page."""

    def __init__(self, base_url: str, **options: Any) -> None:
        super().__init__(base_url=base_url, timeout=20, headers={"accept-language": "en"}, **options)

    def csrf(self, path: str) -> str:
        """Return the token of the forms on a page."""
        found = re.search(r'name="csrf" value="(\w+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def fill_in(self, path: str, *, on: str = "/calls", **fields: str) -> httpx.Response:
        """Send a form that is on a page."""
        return self.post(path, data={"csrf": self.csrf(on), **fields})

    def log_in(self, name: str, password: str = OPERATOR_PASSWORD) -> httpx.Response:
        """Send the form of the login page."""
        return self.fill_in("/login", on="/login", name=name, password=password)


LogIn = Callable[[Role], Visitor]
"""The fixture `logged_in`: returns a visitor who has logged in with a role."""
