"""The files that browsers load besides the console's pages."""

from __future__ import annotations

from functools import cache

from web.static_files import StaticFiles


@cache
def files() -> StaticFiles:
    """Return the console's files, which all have been read."""
    return StaticFiles({"console.css": __name__, "console.js": __name__})
