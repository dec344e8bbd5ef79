"""Reads the commands of a README, in order, and what its source says about trying them.

A command is a line of a block marked ``sh``, or a line that starts with ``$ `` in a block without a mark. A comment
before a block says what a reader would know, or do, that the block does not show. It is part of the README's source, so
everyone who changes a command sees it:

    <!-- newcomer
    make run -> until Ctrl-C stops all of it
    -->

Left of the arrow is how the command starts (nothing: the whole block). Right of it is one of the `Action` words and its
argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

_COMMENT: Final = re.compile(r"<!-- newcomer\n(.*?)-->", re.DOTALL)
_PART: Final = re.compile(r"<!-- newcomer\n.*?-->|^```[^\n]*\n.*?^```", re.DOTALL | re.MULTILINE)


class Action(StrEnum):
    """What a note may say about a command."""

    UNTIL = "until"
    """The command serves: when it has written this text, Ctrl-C ends it."""
    BESIDE = "beside"
    """The command needs this other command to be running, which keeps running from then on."""
    ANSWERS = "answers"
    """The command asks: these words are typed, one at each question."""
    FILL = "fill"
    """A placeholder and, after a blank, what a reader puts in its place."""
    FIRST = "first"
    """A shell command that a reader runs before, as the text says."""
    STATUS = "status"
    """The exit status that is right; 0 unless this says otherwise."""
    NOT_RUN = "not-run"
    """The command cannot be tried here, for this reason."""


class ReadmeError(Exception):
    """The README's source says something about its commands that cannot be understood."""


@dataclass(frozen=True)
class Command:
    """One command of the README.

    Attributes:
        text: the command as the reader types it, placeholders filled.
        until, beside, answers, first, status, not_run: what the notes say about it (see `Action`).
    """

    text: str
    until: str = ""
    beside: str = ""
    answers: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    status: int = 0
    not_run: str = ""


@dataclass(frozen=True)
class _Note:
    about: str
    action: Action
    argument: str
    used: list[str] = field(default_factory=list, compare=False)


def commands(source: str) -> list[Command]:
    """Read a README.

    Args:
        source: its Markdown.

    Returns:
        Its commands, in order.

    Raises:
        ReadmeError: a note is not understood, or is about no command of the block that follows it.
    """
    found: list[Command] = []
    notes: list[_Note] = []
    for part in _PART.finditer(source):
        if comment := _COMMENT.fullmatch(part[0]):
            notes += [_note(line) for line in comment[1].splitlines() if line.strip()]
            continue
        mark, _, body = part[0].removeprefix("```").partition("\n")
        typed = list(_typed(mark.strip(), body.removesuffix("```")))
        if not typed:
            continue
        found += [_noted(text, notes) for text in typed]
        if unused := [note for note in notes if not note.used]:
            raise ReadmeError(f"the note {unused[0].about!r} is about no command of the block that follows it")
        notes = []
    return found


def _typed(mark: str, body: str) -> Iterator[str]:
    for line in body.splitlines():
        if mark == "sh" and line.strip() and not line.startswith("#"):
            yield re.sub(r"\s+#\s.*$", "", line)
        elif mark == "" and line.startswith("$ "):
            yield line.removeprefix("$ ")


def _note(line: str) -> _Note:
    about, arrow, said = line.partition("-> ")
    word, _, argument = said.partition(" ")
    if not arrow or word not in set(Action):
        raise ReadmeError(f"{line!r}: write COMMAND -> ACTION ARGUMENT, with one of {', '.join(Action)}")
    return _Note(about.strip(), Action(word), argument.strip())


def _noted(text: str, notes: list[_Note]) -> Command:
    command = Command(text)
    for note in notes:
        if not text.startswith(note.about):
            continue
        note.used.append(text)
        match note.action:
            case Action.FILL:
                placeholder, _, value = note.argument.partition(" ")
                command = replace(command, text=command.text.replace(placeholder, value))
            case Action.UNTIL:
                command = replace(command, until=note.argument)
            case Action.BESIDE:
                command = replace(command, beside=note.argument)
            case Action.ANSWERS:
                command = replace(command, answers=tuple(note.argument.split()))
            case Action.FIRST:
                command = replace(command, first=(*command.first, note.argument))
            case Action.STATUS:
                command = replace(command, status=int(note.argument))
            case Action.NOT_RUN:
                command = replace(command, not_run=note.argument)
    return command
