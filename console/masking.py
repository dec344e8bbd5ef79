"""Masks telephone numbers for operators who need not see them in full (docs/rules.md 5.4).

One rule holds for everything that is shown (`masked`): any text, in any field and however deep, may contain a number. A
SIP phone's number is the name of its endpoint, and a manager's refusal may quote one; a field that is added tomorrow is
masked without being listed here. The only fields listed are the few whose texts are ours and sometimes look like
numbers, and those that we know to be numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, Final, TypeVar

from ivr.records import RecordedEntry

T = TypeVar("T")

_DATE: Final = r"\d{4}-\d{2}-\d{2}(?!\d)"
_BETWEEN: Final = r"[-\s()\u2010-\u2015\u2212\u30fb\u30fc]{0,2}"
_NUMBER: Final = re.compile(rf"(?<!\d)(?!{_DATE}(?!-))\d(?:{_BETWEEN}\d){{7,}}")
"""Eight digits or more, as local numbers have, in groups or not; but not a date in the form of ISO 8601."""
_SHOWN_FIRST: Final = 3
_SHOWN_LAST: Final = 2
_HIDDEN: Final = "*"

_OURS: Final = frozenset({"call_id", "service_id"})
"""Fields with random names that we give; links contain them."""
_NUMBERS: Final = frozenset({"caller", "called", "target", "shown"})
"""Fields whose digits always belong to a number, however few there are: a foreign number, or part of one."""


def mask_number(number: str) -> str:
    """Return a number with its middle hidden: `031*****78` for `0312345678`, `03-1***-**78` for `03-1234-5678`."""
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
    """Return a text with the numbers in it masked."""
    return _NUMBER.sub(lambda found: mask_number(found[0]), text)


def masked(value: T) -> T:
    """Return a value with the numbers in it masked, also those in a mapping's keys.

    A value without numbers is returned as it is.

    Args:
        value: texts, and lists, mappings and dataclasses of texts, however deep.
    """
    return _masked(value)  # type: ignore[no-any-return]


def _masked(value: Any) -> Any:
    match value:
        case Enum():
            return value
        case str():
            return mask_text(value)
        case RecordedEntry():
            body = {name: None if name == "value" else _field(name, inner) for name, inner in value.body.items()}
            return value if body == value.body else replace(value, body=body)
        case Mapping():
            made = {_masked(name): _field(name, inner) for name, inner in value.items()}
            return value if made == value else made
        case list() | tuple() | set() | frozenset():
            items = [_masked(item) for item in value]
            return value if all(new is old for new, old in zip(items, value, strict=True)) else type(value)(items)
    if is_dataclass(value) and not isinstance(value, type):
        there = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        changed = {name: new for name, old in there.items() if (new := _field(name, old)) is not old}
        return replace(value, **changed) if changed else value
    return value


def _field(name: object, value: Any) -> Any:
    if name in _OURS:
        return value
    if name in _NUMBERS and isinstance(value, str):
        return mask_number(value)
    return _masked(value)
