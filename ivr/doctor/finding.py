"""The findings of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """Calls work, or will; something else does not."""
    ERROR = "error"
    """Calls do not work, or not as they should."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        level: how bad it is.
        text: what it is.
        remedy: what to do; "" if nothing need be done.
    """

    level: Level
    text: str
    remedy: str = ""


def ok(text: str) -> Finding:
    """Make a finding that all is well."""
    return Finding(Level.OK, text)


def warning(text: str, remedy: str) -> Finding:
    """Make a finding that someone should see to."""
    return Finding(Level.WARNING, text, remedy)


def error(text: str, remedy: str) -> Finding:
    """Make a finding that keeps calls from working."""
    return Finding(Level.ERROR, text, remedy)
