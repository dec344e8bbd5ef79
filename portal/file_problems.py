"""The problems of an uploaded file in the page's language. The store words them in English."""

from __future__ import annotations

import re
from typing import Final

from credentials.errors import Problem
from texts.catalogue import Texts

_PATTERNS: Final = tuple(
    (re.compile(pattern), key)
    for pattern, key in (
        (r"(?P<value>\S+) is no number of this line.*", "strange"),
        (r"(?P<value>\S+) stands in row (?P<other>\d+) already.*", "twice"),
        (r"a number is missing here", "no_number"),
        (r"(?P<value>'.*') has full-width characters.*", "full_width"),
        (r"(?P<value>\d+) has lost its leading 0.*", "lost_zero"),
        (r"(?P<value>'.*') is not a Japanese telephone number.*", "not_a_number"),
        (r"a text of \d+ characters is not a telephone number", "not_a_number"),
        (r"(?P<value>'.*') is not 0 or 1.*", "use_wrong"),
        (r"it is empty: write 1 .*", "use_missing"),
        (r"it is empty: write an address.*", "address_missing"),
        (r"a mail address has one @ .*", "address_wrong"),
        (r"the number has none to keep yet.*", "password_missing"),
        (r"it has curly quotes.*", "curly"),
        (r"it has (?P<value>\d+) cells, and may have (?P<other>\d+) at most", "too_many_cells"),
        (r"it has (?P<value>\d+) cells.*", "cells"),
        (r"(?P<value>'.*') is neither 0 nor 1.*", "tick_wrong"),
        (r"write 1 to start the notices.*", "start_missing"),
        (r"write 8 to 12 characters", "LENGTH"),
        (r"write letters A-Z.*", "CHARACTERS"),
        (r"it is capitals alone.*", "CAPITALS_ALONE"),
        (r"it is small letters alone.*", "SMALL_LETTERS_ALONE"),
        (r"it is digits alone.*", "DIGITS_ALONE"),
        (r"it has no letter.*", "NO_LETTER"),
        (r"it has no digit.*", "NO_DIGIT"),
        (r"it has four equal.*", "EQUAL_RUN"),
        (r"it has four characters in a row.*", "STEADY_RUN"),
        (r"it contains the telephone number.*", "HAS_NUMBER"),
        (r"it is the present one.*", "CURRENT"),
        (r"the file has \d+ bytes.*", "too_long"),
        (r"the file has more than (?P<value>\d+) rows.*", "too_many_rows"),
        (r"the file names no number", "empty"),
        (r"this is neither UTF-8 nor CP932.*", "encoding"),
        (r"this is not CSV.*", "not_csv"),
    )
)
"""What the store says, and the name of the text that says it on a page."""


def told(texts: Texts, problem: Problem) -> str:
    """Return a problem with its place, in the page's language; a reason that has no text of ours as it is."""
    place = texts("file.row", row=problem.row) if problem.row else ""
    if problem.column:
        place = f"{place} {texts.word('file_column', problem.column.replace(' ', '_'))}".strip()
    reason = reason_text(texts, problem.reason)
    return texts("file.at", place=place, reason=reason) if place else reason


def reason_text(texts: Texts, reason: str) -> str:
    """Return a reason in the page's language; one that has no text of ours as it is."""
    for pattern, key in _PATTERNS:
        found = pattern.fullmatch(reason)
        if found is not None:
            values = {"value": "", "other": "", **{name: text or "" for name, text in found.groupdict().items()}}
            return texts(f"file_problem.{key}", **values)
    return reason
