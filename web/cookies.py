"""Cookies that neither scripts nor other sites can use."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Cookies:
    """How a site keeps its cookies: HttpOnly, SameSite=Strict, and Secure if the site is reached over https.

    Strict, because every request that counts comes from our own pages: a link in a mail or on another site opens a page
    that needs no login, or asks for one.

    Attributes:
        https: whether browsers reach the site over https.
    """

    https: bool

    def bound(self, name: str) -> str:
        """Return a cookie's name with, over https, the prefix that makes browsers send it to this host only."""
        return f"__Host-{name}" if self.https else name

    def shown(self, request: Request, name: str) -> str:
        """Return the value of a bound cookie that a browser shows; "" if it shows none."""
        return request.cookies.get(self.bound(name), "")

    def keep(
        self, response: Response, name: str, value: str, *, kept_s: int | None = None, path: str = "/"
    ) -> Response:
        """Let the browser keep a cookie for some seconds; if None, until the browser is closed."""
        response.set_cookie(name, value, max_age=kept_s, path=path, secure=self.https, httponly=True, samesite="strict")
        return response

    def forget(self, response: Response, name: str) -> Response:
        """Let the browser forget a cookie."""
        response.delete_cookie(name, path="/", secure=self.https, httponly=True, samesite="strict")
        return response
