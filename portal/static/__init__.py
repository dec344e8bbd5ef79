"""The files that browsers load besides the site's pages."""

from __future__ import annotations

from functools import cache

from web.static_files import StaticFiles


@cache
def files() -> StaticFiles:
    """Return the site's files, which all have been read."""
    return StaticFiles({"portal.css": __name__, "portal.js": __name__})
