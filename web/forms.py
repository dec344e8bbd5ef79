"""Reads the form of a request, within limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import UploadFile
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


@dataclass(frozen=True)
class Form(Mapping[str, str]):
    """The form of a request. Its repr shows nothing of it, because a field may hold a password.

    Attributes:
        fields: the fields by name; of two of one name, the last.
        files: the contents of the files by the name of their field.
    """

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} fields>"


async def read_form(request: Request, *, most_fields: int = MOST_FIELDS, most_files: int = 0) -> Form:
    """Return the form that was sent; of a request that sends none, one without fields.

    Raises:
        FormRefused: the form is too long, has too many fields or files, or did not come whole.
    """
    if request.method != "POST":
        return Form()
    try:
        async with request.form(max_files=most_files, max_fields=most_fields) as sent:
            fields = {name: value for name, value in sent.items() if isinstance(value, str)}
            uploads = {name: value for name, value in sent.items() if isinstance(value, UploadFile)}
            return Form(fields, {name: await upload.read() for name, upload in uploads.items()})
    except BodyTooLong:
        raise FormRefused(413) from None
    except (ClientDisconnect, HTTPException):  # not whole, which is not our fault, and nobody waits; or not a form
        raise FormRefused(400) from None
    except ValueError:  # it names a charset such as `punycode`, in which no form is, or one with a NUL
        raise FormRefused(400) from None


def is_bounded(text: str) -> bool:
    """Return whether a value in an address can be looked up: it is short, and has no character that cannot be shown."""
    return len(text) <= LONGEST_VALUE and text.isprintable()
