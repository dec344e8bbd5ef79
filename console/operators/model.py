"""Operators and their roles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from console.operators.errors import InvalidOperator

LANGUAGES: Final = ("ja", "en")
"""What the console speaks."""

_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{0,31}")


class Role(Enum):
    """What an operator may do; each role may also do what those before it may."""

    VIEWER = "viewer"
    """Sees calls, with the middle of telephone numbers hidden."""
    OPERATOR = "operator"
    """Sees and searches numbers, locks lines out and lets them in again."""
    ADMIN = "admin"
    """Manages operators."""

    def may(self, needed: Role) -> bool:
        """Whether this role has the rights of another."""
        roles = list(Role)
        return roles.index(self) >= roles.index(needed)

    @classmethod
    def parse(cls, text: str) -> Role:
        """Read a role as it is typed.

        Raises:
            InvalidOperator: it is none.
        """
        try:
            return cls(text)
        except ValueError:
            raise InvalidOperator(f"{text!r} is no role: write {', '.join(role.value for role in cls)}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Someone who may log in to the console.

    Attributes:
        name: lower-case letters, digits and . _ -
        language: what the console speaks to them, one of `LANGUAGES`.
    """

    name: str
    role: Role
    language: str
    created_at: datetime


def is_name(text: str) -> bool:
    """Whether an operator can have that name."""
    return _NAME.fullmatch(text) is not None


def require_name(text: str) -> str:
    """Return an operator's name.

    Raises:
        InvalidOperator: it cannot be one.
    """
    if not is_name(text):
        raise InvalidOperator(
            f"{text!r} cannot be an operator's name: write 1 to 32 lower-case letters, digits and . _ -, a letter first"
        )
    return text


def require_language(text: str) -> str:
    """Return a language of the console.

    Raises:
        InvalidOperator: it does not speak that.
    """
    if text not in LANGUAGES:
        raise InvalidOperator(f"the console does not speak {text!r}: write {' or '.join(LANGUAGES)}")
    return text
