"""A letter: what is to be mailed to one address, and until when it is of use."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from mail.addresses import require_address

LONGEST_SUBJECT: Final = 200
LONGEST_BODY: Final = 100_000
ID_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
"""What ids are made of. No digits, because logs mask what may be a password; no vowels, so no words."""
_ID_LENGTH: Final = 24
"""24 of 20 letters: 103 bits."""
_STEERING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing: with them a text can look like another one."""


class Purpose(StrEnum):
    """What a letter is for."""

    CODE = "code"
    """A one-time password."""
    LINK = "link"
    """A link that confirms an address."""
    TEST = "test"
    """Somebody pressed an address's test button."""
    NOTICE = "notice"
    """A call came. Nobody asks for these, and so none is kept back by the limits on what is asked for."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter to one address. Its repr shows neither address nor text.

    What steers instead of saying something (control characters, marks that turn the direction of writing, halves of
    characters) is taken out of subject and body, whoever wrote it; a subject has one line.

    Attributes:
        purpose: what it is for.
        to: the address.
        subject: at most 200 characters; a longer one is cut.
        body: plain text, at most 100,000 characters; its lines end with a line feed.
        useful_until: it is not sent any more from then on.
        number: the telephone number that it is about; "" for none.
        client: the network of whoever asked for it (`credentials.limits.origin.origin_of`); "" for nobody.
        once: a name that only one letter can have, such as a call and an address; "" for none.

    Raises:
        InvalidAddress: `to` breaks a rule.
        ValueError: the body is too long.
    """

    purpose: Purpose
    to: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    useful_until: datetime
    number: str = field(default="", repr=False)
    client: str = field(default="", repr=False)
    once: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        require_address(self.to)
        if len(self.body) > LONGEST_BODY:
            raise ValueError(f"a letter's body has {LONGEST_BODY} characters at most; this one has {len(self.body)}")
        object.__setattr__(self, "subject", one_line(self.subject, LONGEST_SUBJECT))
        object.__setattr__(self, "body", "\n".join(map(_plain, self.body.splitlines())).rstrip() + "\n")


def new_letter_id() -> str:
    """Return the id of a new letter: 24 small letters by chance."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(_ID_LENGTH))


def one_line(text: str, longest: int) -> str:
    """Return a text from outside as one line that can be printed, cut to a length in characters."""
    line = " ".join(_plain(" ".join(text.split())).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _plain(line: str) -> str:
    """Replace what cannot be printed, and take out what turns the direction of writing."""
    kept = (letter for letter in line if letter not in _STEERING)
    return "".join("\ufffd" if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") else letter for letter in kept)
