"""Reads the form of a request, within limits."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from web.guard import BodyTooLong

MOST_FIELDS: Final = 16
LONGEST_VALUE: Final = 200
"""The most characters of a value in an address; names and values of ours are far shorter."""


class FormRefused(Exception):  # noqa: N818 - reads as what it says
    """A form was refused before any page saw it.

    Attributes:
        status: the answer's HTTP status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


async def read_form(request: Request, *, most_fields: int = MOST_FIELDS) -> dict[str, str]:
    """Return the fields of the form that was sent; of a request that sends none, no fields.

    Raises:
        FormRefused: the form is too long, has too many fields or files, or did not come whole.
    """
    if request.method != "POST":
        return {}
    try:
        async with request.form(max_files=0, max_fields=most_fields) as sent:
            return {name: value for name, value in sent.items() if isinstance(value, str)}
    except BodyTooLong:
        raise FormRefused(413) from None
    except (ClientDisconnect, HTTPException):  # not whole, which is not our fault, and nobody waits; or not a form
        raise FormRefused(400) from None


def is_bounded(text: str) -> bool:
    """Return whether a value in an address can be looked up: it is short, and has no character that cannot be shown."""
    return len(text) <= LONGEST_VALUE and text.isprintable()
