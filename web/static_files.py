"""The files that browsers load besides pages. Each address names the content, so browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

SHARED: Final = {"look.css": "web.look", "icon.svg": "web.look"}
"""The files that all sites have, by the package that holds each."""
_KINDS: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class StaticFiles:
    """Serves files (an ASGI application). The address of an old version gets today's file, uncached.

    Args:
        own: the site's own files, besides those that all sites have: the package of each by its name.
    """

    def __init__(self, own: Mapping[str, str]) -> None:
        places = {**SHARED, **own}
        self._contents = {
            name: resources.files(package).joinpath(name).read_bytes() for name, package in places.items()
        }
        self._addresses = {
            name: f"/static/{hashlib.sha256(content).hexdigest()[:16]}/{name}"
            for name, content in self._contents.items()
        }

    def address(self, name: str) -> str:
        """Return the address of a file: `/static/DIGEST/NAME`."""
        return self._addresses[name]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request for a file."""
        path: str = scope["path"]
        name = path.rpartition("/")[2]
        content = self._contents.get(name)
        if content is None or scope["method"] not in ("GET", "HEAD"):
            await PlainTextResponse("There is no such file.\n", 404)(scope, receive, send)
            return
        headers = {"cache-control": "public, max-age=31536000, immutable"} if path == self.address(name) else {}
        kind = _KINDS[name.rpartition(".")[2]]
        await Response(content, media_type=kind, headers=headers)(scope, receive, send)
