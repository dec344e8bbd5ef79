"""The language that a browser asks for."""

from __future__ import annotations

from web.languages import preferred_language


def test_the_first_language_is_taken_when_the_browser_asks_for_none_of_ours() -> None:
    assert [preferred_language(asked, ("ja", "en")) for asked in ("fr", "fr, EN;q=1", "")] == ["ja", "en", "ja"]
