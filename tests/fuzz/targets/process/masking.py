"""The logs' masking: whatever stands around it, eight digits never come through."""

from __future__ import annotations

import json
from typing import Any

from logs.setup import mask_secrets
from tests.fuzz.inputs import fields_of, split_head, stretched

_MOST = 4000
_SECRET = "70418529"
_SPELLED = (" ".join(_SECRET), ", ".join(_SECRET), "-".join(_SECRET))
_GROUPED = (f"{_SECRET[:4]} {_SECRET[4:]}", f"{_SECRET[:4]}-{_SECRET[4:]}", f"{_SECRET[:2]} {_SECRET[2:]}")
_FORMS = (_SECRET, _SECRET + _SECRET, f"1{_SECRET}", *_SPELLED, *_GROUPED)
_JOINS = frozenset("0123456789 -.,:;/")
"""What stands beside digits and may make them a part of something else."""


def one_input(data: bytes) -> None:
    head, rest = split_head(data, 2)
    before, after, name = fields_of(stretched(rest, _MOST).decode("utf-8", "replace"), 3)
    form = _FORMS[head[0] % len(_FORMS)]
    joined = {*before[-1:], *after[:1]} & _JOINS
    if joined or form in before + after + name:
        return
    text = f"{before}{form}{after}"
    event = {"event": "something", f"_{name}": _held(text, head[1])}
    shown = json.dumps(mask_secrets(None, "info", event), ensure_ascii=False, default=repr)
    assert form not in shown
    again = mask_secrets(None, "info", json.loads(shown))
    assert json.dumps(again, ensure_ascii=False) == shown, "masked once is masked"


def _held(text: str, how: int) -> Any:
    """Put a text where logs may have it."""
    values: tuple[Any, ...] = (
        text,
        [text],
        {"a": {"b": text}},
        {text: 1},
        ("x", {text}),
        text.encode(),
        ValueError(text),
        int(_SECRET),
        float(_SECRET),
    )
    return values[how % len(values)]
