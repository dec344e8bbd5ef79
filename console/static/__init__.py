"""The files that browsers load besides pages. Each address names the content, so browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

_KINDS: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FILES: Final = ("console.css", "console.js", "icon.svg")


@cache
def _contents() -> dict[str, bytes]:
    directory = resources.files(__name__)
    return {name: directory.joinpath(name).read_bytes() for name in _FILES}


@cache
def address(name: str) -> str:
    """Return the address of a file: `/static/DIGEST/NAME`."""
    return f"/static/{hashlib.sha256(_contents()[name]).hexdigest()[:16]}/{name}"


class StaticFiles:
    """Serves the files (an ASGI application). The address of an old version gets today's file, uncached."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request for a file."""
        path: str = scope["path"]
        name = path.rpartition("/")[2]
        content = _contents().get(name)
        if content is None or scope["method"] not in ("GET", "HEAD"):
            await PlainTextResponse("There is no such file.\n", 404)(scope, receive, send)
            return
        headers = {"cache-control": "public, max-age=31536000, immutable"} if path == address(name) else {}
        kind = _KINDS[name.rpartition(".")[2]]
        await Response(content, media_type=kind, headers=headers)(scope, receive, send)
