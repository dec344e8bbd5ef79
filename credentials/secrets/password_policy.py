"""The rules for a password (docs/rules.md 3.2). All broken rules are found at once, so that the site can name them."""

import re
from collections.abc import Collection
from itertools import pairwise

from credentials.model import PasswordProblem

SHORTEST, LONGEST = 8, 12
LONGEST_RUN = 3
_LETTERS_AND_DIGITS = re.compile(r"[A-Za-z0-9]*")
_DIGITS = re.compile(r"[0-9]+")


def password_problems(password: str, numbers: Collection[str]) -> frozenset[PasswordProblem]:
    """Return the rules that a new password breaks (all but the one about the current password).

    Args:
        password: what the subscriber chose.
        numbers: all numbers of the subscriber's line, because a change of the unit may copy the password to any.
    """
    found = {
        PasswordProblem.LENGTH: not SHORTEST <= len(password) <= LONGEST,
        PasswordProblem.CHARACTERS: not _LETTERS_AND_DIGITS.fullmatch(password),
        PasswordProblem.DIGITS_ALONE: bool(_DIGITS.fullmatch(password)),
        PasswordProblem.EQUAL_RUN: has_run(password, 0),
        PasswordProblem.STEADY_RUN: has_run(password, 1) or has_run(password, -1),
        PasswordProblem.HAS_NUMBER: any(number in password for number in numbers),
    }
    return frozenset(problem for problem, broken in found.items() if broken)


def has_run(password: str, step: int) -> bool:
    """Return whether more than three characters in a row each differ from the one before by `step` (of their code)."""
    run = 1
    for one, next_ in pairwise(password):
        # Letters and digits are not neighbours in ASCII, so a run never leads from one kind to the other.
        run = run + 1 if ord(next_) - ord(one) == step else 1
        if run > LONGEST_RUN:
            return True
    return False
