"""Passwords, confirmation IDs and confirmation passwords: no rule is broken where a plain model breaks none."""

from __future__ import annotations

from itertools import pairwise

from credentials.model import PasswordProblem
from credentials.one_time.model import ConfirmationPart, ConfirmationProblem
from credentials.one_time.policy import confirmation_problems
from credentials.secrets.password_policy import password_problems
from tests.fuzz.inputs import fields_of, stretched, text_of

_MOST = 200
_NUMBERS = ("0312345678", "09012345678")


def one_input(data: bytes) -> None:
    text, number = fields_of(text_of(stretched(data, _MOST)), 2)
    numbers = (*_NUMBERS, number) if number else _NUMBERS
    broken = password_problems(text, numbers)
    assert broken <= set(PasswordProblem)
    fine = 8 <= len(text) <= 12 and text.isascii() and text.isalnum() and not text.isdigit()
    fine = fine and not _has_run(text) and not any(each in text for each in numbers)
    assert (not broken) == fine
    of_one_case = text.isalpha() and (text.isupper() or text.islower())
    for part, fits in ((ConfirmationPart.ID, not of_one_case), (ConfirmationPart.PASSWORD, not text.isalpha())):
        problems = confirmation_problems(part, text, numbers)
        assert problems <= set(ConfirmationProblem)
        assert (not problems) == (fine and fits)


def _has_run(text: str) -> bool:
    fours = zip(text, text[1:], text[2:], text[3:], strict=False)
    return any(_steps(four) in ({0}, {1}, {-1}) for four in fours)


def _steps(four: tuple[str, ...]) -> set[int]:
    return {ord(after) - ord(before) for before, after in pairwise(four)}
