"""The rules for a confirmation ID, a confirmation password and an address (docs/rules.md 3.10 and 3.12)."""

import re
from collections.abc import Collection
from typing import Final

from credentials.errors import InvalidAddress
from credentials.one_time.model import ConfirmationPart, ConfirmationProblem
from credentials.secrets.password_policy import LONGEST, SHORTEST, has_run

LONGEST_ADDRESS: Final = 254
"""RFC 5321, section 4.5.3.1.3: a path has 256 characters at most, two of which are its angle brackets."""
_LETTERS_AND_DIGITS: Final = re.compile(r"[A-Za-z0-9]*")
_ADDRESS: Final = re.compile(r"[!-?A-~]+@[!-?A-~]+")


def confirmation_problems(
    part: ConfirmationPart, text: str, numbers: Collection[str]
) -> frozenset[ConfirmationProblem]:
    """Return the rules that a new confirmation ID or password breaks (all but the one about the current one).

    Args:
        part: which of the two it is.
        text: what the subscriber chose.
        numbers: the number that it is for, and the contract number of its line.
    """
    found = {
        ConfirmationProblem.LENGTH: not SHORTEST <= len(text) <= LONGEST,
        ConfirmationProblem.CHARACTERS: not _LETTERS_AND_DIGITS.fullmatch(text),
        ConfirmationProblem.EQUAL_RUN: has_run(text, 0),
        ConfirmationProblem.STEADY_RUN: has_run(text, 1) or has_run(text, -1),
        ConfirmationProblem.HAS_NUMBER: any(number in text for number in numbers),
    }
    if part is ConfirmationPart.ID:
        found |= {
            ConfirmationProblem.CAPITALS_ALONE: _is_all(r"[A-Z]+", text),
            ConfirmationProblem.SMALL_LETTERS_ALONE: _is_all(r"[a-z]+", text),
            ConfirmationProblem.DIGITS_ALONE: _is_all(r"[0-9]+", text),
        }
    else:
        found |= {
            ConfirmationProblem.NO_LETTER: not re.search(r"[A-Za-z]", text),
            ConfirmationProblem.NO_DIGIT: not re.search(r"[0-9]", text),
        }
    return frozenset(problem for problem, broken in found.items() if broken)


def _is_all(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


def require_address(text: str) -> str:
    """Check that a text can be an address at all. Which addresses a subscriber may have is the mail's to say.

    Raises:
        InvalidAddress: it cannot.
    """
    if len(text) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(text):
        raise InvalidAddress(
            f"a mail address has one @ with printable ASCII characters on both sides, {LONGEST_ADDRESS} at most in all;"
            f" this text has {len(text)} characters and is none"
        )
    return text


def mask_address(address: str) -> str:
    """Return an address as those see it who need only recognise it, such as "t***@e***.jp"."""
    local, _, domain = address.rpartition("@")
    _, dot, top = domain.rpartition(".")
    return f"{local[:1]}***@{domain[:1]}***{dot + top if dot else ''}"
