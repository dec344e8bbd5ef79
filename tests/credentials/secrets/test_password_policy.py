"""The rules for a password (docs/rules.md 3.2)."""

import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.model import PasswordProblem
from credentials.secrets.password_policy import password_problems

NUMBERS = ["0312345678", "09011223344"]
P = PasswordProblem


@pytest.mark.parametrize("password", ["abcx1357", "A2b4C6d8E0f1", "password", "aaabbb111", "abc123xyz789", "zzZz1Zzz"])
def test_letters_and_digits_without_a_pattern_are_a_password(password: str) -> None:
    assert password_problems(password, NUMBERS) == frozenset()


@pytest.mark.parametrize(
    ("password", "problems"),
    [
        ("", {P.LENGTH}),
        ("abcx135", {P.LENGTH}),
        ("abcx1357abcx1", {P.LENGTH}),
        ("abcx 1357", {P.CHARACTERS}),
        ("abcx-1357", {P.CHARACTERS}),
        ("abcx１３５７", {P.CHARACTERS}),
        ("abcx1357\n", {P.CHARACTERS}),
        ("pässwort1", {P.CHARACTERS}),
        ("13572468", {P.DIGITS_ALONE}),
        ("xaaaab13", {P.EQUAL_RUN}),
        ("x0000b13", {P.EQUAL_RUN}),
        ("x1234b97", {P.STEADY_RUN}),
        ("x9876b97", {P.STEADY_RUN}),
        ("1xabcdx1", {P.STEADY_RUN}),
        ("1xdcbax1", {P.STEADY_RUN}),
        ("09011223344a", {P.HAS_NUMBER}),
        ("a0312345678", {P.HAS_NUMBER, P.STEADY_RUN}),
        ("1111", {P.LENGTH, P.DIGITS_ALONE, P.EQUAL_RUN}),
    ],
)
def test_each_broken_rule_is_named(password: str, problems: set[PasswordProblem]) -> None:
    assert password_problems(password, NUMBERS) == problems


@given(st.text(alphabet=string.printable, max_size=20))
def test_what_passes_keeps_to_every_rule(password: str) -> None:
    if password_problems(password, NUMBERS):
        return
    assert 8 <= len(password) <= 12
    assert password.isascii()
    assert password.isalnum()
    assert not password.isdigit()
    for begin in range(len(password) - 3):
        steps = {ord(two) - ord(one) for one, two in pairwise(password[begin : begin + 4])}
        assert steps not in ({0}, {1}, {-1})
