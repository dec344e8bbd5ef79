"""The error of a setting: one line for each wrong variable, with its value and what to write."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

from settings.plain_words import plain_words

PREFIX: Final = "KARIPASS_"
_NOT_SHOWN: Final = ("secret", "password", "url")
"""Parts of the names of settings whose values may hold a secret."""

S = TypeVar("S", bound=BaseSettings)


class SettingsError(Exception):
    """A setting has a value that cannot be used."""


def read_settings(kind: type[S], **values: Any) -> S:
    """Read settings from the environment.

    Args:
        kind: the settings.
        values: settings that override the environment.

    Raises:
        SettingsError: names each wrong variable, its value and what is expected.
    """
    try:
        return kind(**values)
    except ValidationError as error:
        raise SettingsError("\n".join(_described(kind, problem) for problem in error.errors())) from None


def _described(kind: type[BaseSettings], problem: ErrorDetails) -> str:
    if not problem["loc"]:  # a rule about several settings names them itself
        return plain_words(problem)
    field = str(problem["loc"][0])
    is_number = problem["type"] in ("int_parsing", "float_parsing")
    default = kind.model_fields[field].default if is_number else None
    example = f", for example {default:g}" if isinstance(default, int | float) else ""
    words = plain_words(problem)
    name = f"{PREFIX}{field.upper()}"
    return f"{name} {words}" if problem["type"] == "missing" else f"{name}{_shown(field, problem)}: {words}{example}"


def _shown(field: str, problem: ErrorDetails) -> str:
    return "" if any(part in field for part in _NOT_SHOWN) else f"={problem['input']}"
