"""Cookies that neither scripts nor other sites can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_SESSION: Final = "karipass"


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of a site: HttpOnly, SameSite=Strict, and Secure if the site is reached over https.

    Strict, because every request that counts comes from our own pages: a link in a mail or on another site opens a page
    that needs no login, or asks for one.

    Attributes:
        https: whether browsers reach the site over https.
        session_name: the session cookie's name, without the prefix that it has over https.
    """

    https: bool
    session_name: str = _SESSION

    @property
    def session(self) -> str:
        """The session cookie's name; over https, with the prefix that makes browsers send it to this host only."""
        return f"__Host-{self.session_name}" if self.https else self.session_name

    def token(self, request: Request) -> str:
        """Return the session's token that a browser shows; "" if it shows none."""
        return request.cookies.get(self.session, "")

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
