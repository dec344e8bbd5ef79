"""Telephone numbers as people type them, and the search for a part of one."""

from __future__ import annotations

import re

from credentials.errors import InvalidNumber
from credentials.lines.csv_cells import no_formula, plain, read_number
from credentials.lines.number_groups import digits_of
from credentials.lines.numbers import normalise_number
from credentials.lines.unseen import with_unseen_named
from credentials.one_line import one_line
from portal.numbers import search, written
from tests.fuzz.inputs import fields_of, stretched, text_of
from web.addresses import client_address
from web.forms import is_bounded
from web.languages import preferred_language

_MOST = 4000
_NATIONAL = re.compile(r"0[0-9]{9,10}")
_PLAN = re.compile(r"0[25-9]0[0-9]{8}|0(?![25-9]0)[1-9][0-9]{8}")
"""The national numbering plan (docs/rules.md 1.2)."""
_NUMBERS = ("0312345678", "09012345678", "0466123456")


def one_input(data: bytes) -> None:
    text, page, other = fields_of(text_of(stretched(data, _MOST)), 3)
    _is_folded(text)
    found = search(_NUMBERS, text, page)
    if found is not None:
        assert found.total == len(found.numbers) <= len(_NUMBERS)
        assert 1 <= found.page <= found.pages
    assert plain(no_formula(text)) == text.strip() or "=" in text[:3] or text != text.strip()
    assert one_line(text, 40).isprintable()
    assert isinstance(client_address("192.0.2.1", [other, text], ()), str)
    assert client_address(text, [other], ()) in (text, client_address(text, [], ()))
    assert preferred_language(other, ("ja", "en")) in ("ja", "en")
    assert not is_bounded(text) or text.isprintable()


def _is_folded(text: str) -> None:
    number, reason = read_number(text)
    assert bool(number) != bool(reason)
    try:
        folded = normalise_number(text)
    except InvalidNumber as error:
        assert str(error)
        assert len(str(error)) < 1000
        assert not _PLAN.fullmatch(text)
        assert repr(with_unseen_named(text)) in str(error) or len(text) > 40
        return
    assert _PLAN.fullmatch(folded)
    assert normalise_number(folded) == folded
    assert normalise_number(written(folded)) == folded
    assert "".join(digits_of(folded)) == folded
    assert normalise_number(f"+81{folded[1:]}") == folded
