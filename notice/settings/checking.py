"""The rules of settings that are typed (docs/rules.md 7.2). Each broken one is named, with its place."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from mail.addresses import broken_rules
from mail.letter import one_line
from notice.settings.model import LONGEST_NAME, MOST_ADDRESSES, MOST_LISTED, Fault, Listed, Problem, Settings

_NUMBER: Final = re.compile(r"[0-9]{3,20}")
_SEPARATED: Final = re.compile(r"\+?[0-9]+[-\s().\u2010-\u2015\u2212\u30fc][-\s().\u2010-\u2015\u2212\u30fc0-9]*")
"""Digits with signs between them. (One repetition within another would take a year for fifty hyphens.)"""


def tidied(settings: Settings) -> Settings:
    """Return settings as they are stored: without blanks around texts, full-width digits and empty rows.

    A number in international form becomes the national one: that is how callers' numbers are kept.
    """
    addresses = [replace(each, address=each.address.strip()) for each in settings.addresses]
    listed = [
        Listed(
            number=_national(unicodedata.normalize("NFKC", each.number).strip()),
            name=one_line(each.name, 10 * LONGEST_NAME),
            ticked=each.ticked,
        )
        for each in settings.listed
    ]
    return replace(
        settings,
        addresses=tuple(each for each in addresses if each.address),
        listed=tuple(each for each in listed if each.number or each.name),
    )


def _national(number: str) -> str:
    """Return a number in the form in which callers' numbers are kept, `81312345678` as `0312345678`."""
    try:
        return normalise_number(number) if _NUMBER.fullmatch(number) else number
    except InvalidNumber:
        return number


def faults(settings: Settings) -> tuple[Fault, ...]:
    """Return what is wrong with tidied settings; nothing if they can be stored."""
    return tuple(_of_addresses(settings)) + tuple(_of_listed(settings))


def _of_addresses(settings: Settings) -> Iterator[Fault]:
    texts = [each.address for each in settings.addresses]
    for place, text in enumerate(texts, start=1):
        if rules := broken_rules(text):
            yield Fault(Problem.ADDRESS, place, rules)
        elif text.lower() in [other.lower() for other in texts[: place - 1]]:
            yield Fault(Problem.SAME_ADDRESS, place)
    if len(texts) > MOST_ADDRESSES:
        yield Fault(Problem.TOO_MANY_ADDRESSES)
    if settings.started and not any(each.ticked for each in settings.addresses):
        yield Fault(Problem.NO_ADDRESS)


def _of_listed(settings: Settings) -> Iterator[Fault]:
    counts = Counter[str]()
    for place, each in enumerate(settings.listed, start=1):
        counts[each.number] += 1
        if _SEPARATED.fullmatch(each.number):
            yield Fault(Problem.HYPHENS, place)
        elif not _NUMBER.fullmatch(each.number):
            yield Fault(Problem.NUMBER, place)
        elif counts[each.number] > 1:
            yield Fault(Problem.SAME_NUMBER, place)
        if len(each.name) > LONGEST_NAME:
            yield Fault(Problem.NAME, place)
    if len(settings.listed) > MOST_LISTED:
        yield Fault(Problem.TOO_MANY_LISTED)
