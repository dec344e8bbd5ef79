"""The faults in how a program uses a dialogue."""

from __future__ import annotations


class DialogueError(Exception):
    """A dialogue was used in an impossible way: a programming error on our side."""


class ImpossibleSignalError(DialogueError):
    """A signal came in a state that has no arrow for it. The dialogue has not moved."""
