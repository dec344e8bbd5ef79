"""Telephone numbers for eyes that need not see them whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ivr.records import CallSummary, RecordedEntry

_NUMBER: Final = re.compile(r"0[0-9-]{7,13}[0-9]")
_SHOWN_FIRST: Final = 3
_SHOWN_LAST: Final = 2
_HIDDEN: Final = "*"


def mask_number(number: str) -> str:
    """A number with its middle hidden: `031*****78` of `0312345678`, `03-1***-**78` of `03-1234-5678`."""
    last = sum(character.isdigit() for character in number) - _SHOWN_LAST
    place, shown = 0, []
    for character in number:
        if character.isdigit():
            shown.append(character if place < _SHOWN_FIRST or place >= last else _HIDDEN)
            place += 1
        else:
            shown.append(character)
    return "".join(shown)


def mask_text(text: str) -> str:
    """A text with the numbers in it masked."""
    return _NUMBER.sub(lambda found: mask_number(found[0]), text)


def mask_call(call: CallSummary) -> CallSummary:
    """A call with its numbers masked."""
    began = replace(call.began, caller=mask_number(call.began.caller))
    return replace(call, began=began, target=None if call.target is None else mask_number(call.target))


def mask_entries(entries: Sequence[RecordedEntry]) -> list[RecordedEntry]:
    """Entries without numbers: neither in texts, nor key by key."""
    return [replace(entry, body=_masked(entry.body)) for entry in entries]


def _masked(body: Mapping[str, Any]) -> dict[str, Any]:
    masked = {name: mask_text(value) if name in ("text", "shown") else value for name, value in body.items()}
    if masked.get("value") is not None:
        masked["value"] = None
    return masked
