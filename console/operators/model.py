"""Operators and their roles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from console.operators.errors import InvalidOperator

LANGUAGES: Final = ("ja", "en")
"""The console's languages."""

_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{0,31}")


class Role(Enum):
    """The rights of an operator; each role includes those of the roles before it."""

    VIEWER = "viewer"
    """Sees calls, with the middle of telephone numbers hidden."""
    OPERATOR = "operator"
    """Sees and searches numbers; locks lines out and lets them in again; locks and ends logins at the settings site."""
    ADMIN = "admin"
    """Manages operators."""

    def may(self, needed: Role) -> bool:
        """Return whether this role includes the rights of another."""
        roles = list(Role)
        return roles.index(self) >= roles.index(needed)

    @classmethod
    def parse(cls, text: str) -> Role:
        """Return the role that a text names.

        Raises:
            InvalidOperator: the text does not name one.
        """
        try:
            return cls(text)
        except ValueError:
            raise InvalidOperator(f"{text!r} is not a role: write {', '.join(role.value for role in cls)}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Someone who may log in to the console.

    Attributes:
        name: lower-case letters, digits and . _ -
        role: what they may do.
        language: the language in which they see the console, one of `LANGUAGES`.
        created_at: when the account was added.
    """

    name: str
    role: Role
    language: str
    created_at: datetime


def is_name(text: str) -> bool:
    """Return whether an operator can have that name."""
    return _NAME.fullmatch(text) is not None


def require_name(text: str) -> str:
    """Check and return an operator's name.

    Raises:
        InvalidOperator: the text cannot be one.
    """
    if not is_name(text):
        raise InvalidOperator(
            f"{text!r} cannot be an operator's name: write 1 to 32 lower-case letters, digits and . _ -, a letter first"
        )
    return text


def require_language(text: str) -> str:
    """Check and return a language of the console.

    Raises:
        InvalidOperator: the console does not have it.
    """
    if text not in LANGUAGES:
        raise InvalidOperator(f"the console does not speak {text!r}: write {' or '.join(LANGUAGES)}")
    return text
