"""The form of a request: read whole, or refused before any page sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from starlette.requests import Request

from web.forms import Form, FormRefused, read_form

MULTIPART = (
    b'--B\r\nContent-Disposition: form-data; name="number"\r\n\r\n03\xe3\x81\x82\r\n'
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n1,2\r\n--B--\r\n'
)


async def sent(body: bytes, kind: str, *, cut_at: Sequence[int] = ()) -> Form:
    ends = [*cut_at, len(body)]
    pieces = [body[start:end] for start, end in zip([0, *cut_at], ends, strict=True)]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": len(pieces) > 0}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())], "app": None}
    return await read_form(Request(scope, receive), most_files=1)


@pytest.mark.parametrize("cut_at", [(), (1,), (70, 71), (150,)])
async def test_fields_and_files_are_read_however_the_body_was_cut(cut_at: Sequence[int]) -> None:
    form = await sent(MULTIPART, "multipart/form-data; boundary=B", cut_at=cut_at)
    assert dict(form) == {"number": "03あ"}
    assert form.files == {"file": b"1,2"}


@pytest.mark.parametrize("charset", ["undefined", "punycode", "\0"])
async def test_a_form_in_a_charset_that_cannot_be_read_is_refused(charset: str) -> None:
    with pytest.raises(FormRefused) as refused:
        await sent(MULTIPART, f"multipart/form-data; boundary=B; charset={charset}")
    assert refused.value.status == 400


async def test_what_is_no_form_is_refused() -> None:
    with pytest.raises(FormRefused) as refused:
        await sent(b"x", "multipart/form-data")
    assert refused.value.status == 400
