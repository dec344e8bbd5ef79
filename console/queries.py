"""What operators ask for in an address: numbers and moments as they are typed, and what is wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from console.visit import Visit

_SHOWN: Final = 40


def shortened(text: str) -> str:
    """Return a text, or the start of one that is too long to be repeated on a page."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def read_moment(visit: Visit, text: str, wrong: list[str]) -> datetime | None:
    """Read a local date and time, as a browser's field or one of our links writes it.

    Args:
        visit: the request.
        text: the text; "" for no moment.
        wrong: gets what is wrong with it, in the page's language.
    """
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        wrong.append(visit.texts("calls.wrong_time", text=shortened(text)))
        return None
