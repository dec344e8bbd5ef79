"""What a mail address may look like. Each broken rule has a name, for which pages have a text in each language.

The rules are those of the guide that subscribers know, and not those of RFC 5322. They are narrower in characters (no
quoted local part, no comment, no `&` or `=`) and wider after the `@`, where any of the characters may stand. Whether
anybody is reached at an address, only a mail to it shows.
"""

from __future__ import annotations

import string
from enum import StrEnum
from typing import Final

CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + "-@_.!$%'*+/?^#")
LONGEST_BEFORE_AT: Final = 63
LONGEST: Final = 254
"""The one rule that the guide does not have: SMTP carries no longer address (RFC 5321, 4.5.3.1.3, without `<>`)."""


class Rule(StrEnum):
    """A rule that an address can break."""

    CHARACTERS = "characters"
    """It has another character than digits, Latin letters and ``-@_.!$%'*+/?^#``."""
    ONE_AT = "one_at"
    """It has no `@`, or more than one."""
    AT_FIRST = "at_first"
    AT_LAST = "at_last"
    DOT_LAST = "dot_last"
    DOTS_IN_A_ROW = "dots_in_a_row"
    DOT_FIRST = "dot_first"
    DOT_BEFORE_AT = "dot_before_at"
    LONG_BEFORE_AT = "long_before_at"
    """More than 63 characters stand before the `@`."""
    TOO_LONG = "too_long"
    """It has more than 254 characters."""


class InvalidAddress(ValueError):  # noqa: N818 - reads as what it says
    """A text is not a mail address. The message names the rules, and not the text: it may be somebody's address.

    Attributes:
        rules: the rules that it breaks.
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        super().__init__(f"this is not a mail address: it breaks the rules {', '.join(rules)} (see mail/addresses.py)")
        self.rules = rules


def broken_rules(text: str) -> tuple[Rule, ...]:
    """Return all rules that a text breaks as a mail address, in the order of `Rule`; none if it is one."""
    before, _, _ = text.partition("@")
    broken = {
        Rule.CHARACTERS: bool(foreign_characters(text)),
        Rule.ONE_AT: text.count("@") != 1,
        Rule.AT_FIRST: text.startswith("@"),
        Rule.AT_LAST: text.endswith("@"),
        Rule.DOT_LAST: text.endswith("."),
        Rule.DOTS_IN_A_ROW: ".." in text,
        Rule.DOT_FIRST: text.startswith("."),
        Rule.DOT_BEFORE_AT: ".@" in text,
        Rule.LONG_BEFORE_AT: len(before) > LONGEST_BEFORE_AT,
        Rule.TOO_LONG: len(text) > LONGEST,
    }
    return tuple(rule for rule, is_broken in broken.items() if is_broken)


def foreign_characters(text: str) -> str:
    """Return the characters that an address may not have, each once, in the order of the text."""
    return "".join(dict.fromkeys(letter for letter in text if letter not in CHARACTERS))


def require_address(text: str) -> str:
    """Return an address as it is.

    Raises:
        InvalidAddress: it breaks a rule.
    """
    if rules := broken_rules(text):
        raise InvalidAddress(rules)
    return text


def counted_as(address: str) -> str:
    """Return what an address counts as where mails are limited.

    Capitals make no difference, and neither does what follows a `+`: most mail servers bring `ann+shop@` to `ann@`, so
    that a stranger could otherwise flood one person by any number of addresses.
    """
    before, _, after = address.lower().partition("@")
    return f"{before.partition('+')[0] or before}@{after}"
