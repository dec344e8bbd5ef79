"""The peers: bare Starlette pages that render the site's templates with the contexts that the site gave them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, create_engine, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Message

from credentials.schema import sessions
from credentials.site.session import digest_of
from portal.app import create_app
from portal.config import PortalConfig
from portal.templates import Templates
from portal.visit import SESSION_COOKIE
from storage.database import CONNECTIONS, POOLED_CONNECTIONS
from texts.catalogue import Texts

_SESSION: Final = select(sessions).where(sessions.c.id_digest == bindparam("digest"))
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


def bare_app(config: PortalConfig, asked: Ask, url: str = "") -> Starlette:
    """Make the bare application: ask the site for each page once, and keep what it rendered.

    Args:
        config: the site's.
        asked: what to ask for.
        url: a database, of which each page then asks one row; "" if pages ask none.
    """
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

    def rendered_page(request: Request) -> Response:
        rendered = pages[request.url.path]
        return HTMLResponse(templates.render(rendered.template, rendered.texts, **rendered.values))

    async def page(request: Request) -> Response:
        return rendered_page(request)

    if not url:
        return Starlette(routes=[Route("/{path:path}", page)])
    engine = create_engine(url, pool_size=POOLED_CONNECTIONS, max_overflow=CONNECTIONS - POOLED_CONNECTIONS)

    def asking_page(request: Request) -> Response:
        # As anybody would write it: in a thread, since the driver blocks, and with the transaction that it begins.
        with engine.connect() as connection:
            connection.execute(_SESSION, {"digest": digest_of(request.cookies.get(SESSION_COOKIE, ""))}).one_or_none()
        return rendered_page(request)

    return Starlette(routes=[Route("/{path:path}", asking_page)])


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
