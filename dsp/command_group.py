"""A group of commands whose help is shown at once."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup, TyperOption


class CommandGroup(TyperGroup):
    """A group of commands whose `--help` has a default.

    Where `--help` stands behind a command, typer converts the value None that the group's own `--help` has, and loads
    pydantic for that: 0.25 s. False needs no conversion.
    """

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """The option `--help`; None if the group has none."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option
