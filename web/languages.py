"""The language that a browser asks for."""

from __future__ import annotations

from collections.abc import Sequence


def preferred_language(accept_language: str, languages: Sequence[str]) -> str:
    """Return the first of a site's languages that a browser asks for; the site's first if it asks for none of them."""
    for asked in accept_language.split(","):
        language = asked.partition(";")[0].strip().lower().partition("-")[0]
        if language in languages:
            return language
    return languages[0]
