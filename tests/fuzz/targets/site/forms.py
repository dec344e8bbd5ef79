"""Forms of both sites: fields and files as text and octets, or a refusal, however the body was cut."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from tests.fuzz.inputs import in_pieces, split_head, stretched
from web.forms import Form, FormRefused, read_form

_MOST = 16 * 1024
_CUTS = 4
_FILES = 2
_FIELDS = 16
_LOOP = asyncio.new_event_loop()


def one_input(data: bytes) -> None:
    cuts, rest = split_head(data, _CUTS)
    kind, _, body = rest.partition(b"\n")
    content = stretched(body, _MOST)
    cut = _LOOP.run_until_complete(_read(kind, in_pieces(content, cuts)))
    whole = _LOOP.run_until_complete(_read(kind, [content]))
    assert cut == whole or content[:1] in (b"\r", b"\n"), "of a piece that starts so, python_multipart skips much"


async def _read(kind: bytes, pieces: Sequence[bytes]) -> tuple[dict[str, str], dict[str, bytes]] | int:
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        body = left.pop(0) if left else b""
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind)], "app": None, "path": "/"}
    try:
        form = await read_form(Request(scope, receive), most_fields=_FIELDS, most_files=_FILES)
    except FormRefused as refused:
        return refused.status
    _is_in_order(form)
    return dict(form.fields), dict(form.files)


def _is_in_order(form: Form) -> None:
    assert len(form.fields) <= _FIELDS
    assert len(form.files) <= _FILES
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in form.items())
    assert all(isinstance(content, bytes) for content in form.files.values())
    assert repr(form) == f"<Form of {len(form)} fields>"
