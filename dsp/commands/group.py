"""A group of commands whose help appears at once."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup, TyperOption


class CommandGroup(TyperGroup):
    """A group of commands whose `--help` has a default.

    If `--help` stands after a command, typer converts None, the value of the group's own `--help`, and loads pydantic
    for that, which takes 0.25 s. False needs no conversion.
    """

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """Return the option `--help`; None if the group has none."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option
