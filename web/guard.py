"""Guards every page: checks the host's name and the size of a request, and sets the headers of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY: Final = 16 * 1024
_NONE_LONGER: Final[Mapping[str, int]] = MappingProxyType({})

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms, which we want to check.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_OVER_HTTPS: Final = {"strict-transport-security": "max-age=31536000"}


class Guard:
    """Checks each request and sets the headers of each answer (ASGI middleware).

    Args:
        app: the application that it guards.
        hosts: the names under which the site answers. Under another name, a foreign site's name would lead here, and
            that site's scripts could speak to us as if we were that site (DNS rebinding).
        setting: the setting that adds a name to them, for the refusal.
        longer: the paths whose requests may be longer than `LONGEST_BODY`, and how long each may be.
        https: whether browsers reach the site over https; they are then told never to use http for it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str],
        setting: str,
        longer: Mapping[str, int] = _NONE_LONGER,
        https: bool = False,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._setting = setting
        self._longer = longer
        self._headers = {**_HEADERS, **(_OVER_HTTPS if https else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    sent.setdefault(name, value)
                sent.setdefault("cache-control", "no-store")
            await send(message)

        longest = self._longer.get(scope["path"], LONGEST_BODY)
        refusal = self._refusal(headers, longest)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, _limited(receive, longest), send_with_headers)

    def _refusal(self, headers: Headers, longest: int) -> PlainTextResponse | None:
        host = host_name(headers.get("host", ""))
        if host not in self._hosts:
            text = f"This site does not answer to the name {host!r}: add it to {self._setting}.\n"
            return PlainTextResponse(text, 421)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > longest:
            return PlainTextResponse(f"A request may carry {longest} bytes at most.\n", 413)
        return None


class BodyTooLong(Exception):  # noqa: N818 - reads as what it says
    """A request without a length went on for too long."""


def host_name(authority: str) -> str:
    """Return the name in a Host header without the port: `127.0.0.1` for `127.0.0.1:4576`, `::1` for `[::1]:4576`."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower()


def _limited(receive: Receive, longest: int) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > longest:
            raise BodyTooLong
        return message

    return limited
