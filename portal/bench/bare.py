"""The peer: bare Starlette pages that render the site's templates with the contexts that the site gave them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Message

from portal.app import create_app
from portal.config import PortalConfig
from portal.templates import Templates
from portal.visit import SESSION_COOKIE
from texts.catalogue import Texts

Ask = Iterable[tuple[str, str]]
"""Paths, each with the id of the session that sees it."""


@dataclass(frozen=True)
class Rendered:
    """How the site rendered a page."""

    template: str
    texts: Texts
    values: Mapping[str, Any]


class _Recording:
    """The site's templates, which also keep how the last page was rendered."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self.last: Rendered | None = None

    def render(self, template: str, texts: Texts, **values: Any) -> str:
        self.last = Rendered(template, texts, values)
        return self._templates.render(template, texts, **values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._templates, name)


def bare_app(config: PortalConfig, asked: Ask) -> Starlette:
    """Make the bare application: ask the site for each page once, and keep what it rendered."""
    site = create_app(config)
    templates: Templates = site.state.templates
    recording = site.state.templates = _Recording(templates)
    pages: dict[str, Rendered] = {}
    for path, session in asked:
        asyncio.run(_ask(site, path, session))
        if recording.last is None:
            raise RuntimeError(f"the site rendered nothing for {path}")
        pages[path], recording.last = recording.last, None
    site.state.store_access.close()

    async def page(request: Request) -> Response:
        rendered = pages[request.url.path]
        return HTMLResponse(templates.render(rendered.template, rendered.texts, **rendered.values))

    return Starlette(routes=[Route("/{path:path}", page)])


async def _ask(app: Starlette, path: str, session: str) -> None:
    """Ask an application for a page, without a socket."""
    headers = [(b"host", b"127.0.0.1"), (b"cookie", f"{SESSION_COOKIE}={session}".encode())]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"the site answers {message['status']} to {path}")

    await app(scope, receive, send)
