"""What keeps people from using a page, as axe-core finds it."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from playwright.sync_api import Page

_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong on a page: its rule, how bad it is, and where."""
    page.evaluate(_axe())
    options = {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [f"{one['id']} ({one['impact']}): {node['html']}" for one in found["violations"] for node in one["nodes"]]


@cache
def _axe() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
