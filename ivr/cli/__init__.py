"""The `ivr` command.

A command's module is loaded when the command is used: who lists calls does not wait for the receiver to be there.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

COMMANDS: Final = {
    "up": "ivr.cli.serve:up",
    "serve": "ivr.cli.serve:serve",
    "simulate": "ivr.cli.simulate:simulate",
    "doctor": "ivr.cli.doctor:doctor",
    "call": "ivr.cli.call_group:call_app",
    "calls": "ivr.cli.calls:calls",
    "report": "ivr.cli.calls:report",
    "console": "ivr.cli.console:console",
    "operator": "ivr.cli.operator:operator_app",
    "lines": "ivr.cli.lines:lines_app",
    "audit": "ivr.cli.audit:audit_app",
    "keys": "ivr.cli.keys:keys_app",
    "prompts": "ivr.cli.prompts:prompts_app",
    "scenario": "ivr.cli.scenario:scenario_app",
}
"""Where each command is: a function, or an application of several, in a module."""


class OnDemand(TyperGroup):
    """Commands that are loaded when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order in which help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        holder = typer.Typer()
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=cmd_name)
        else:
            holder.command(cmd_name)(found)
        holder.callback()(lambda: None)
        return get_group(holder).commands[cmd_name]


app = typer.Typer(name="ivr", cls=OnDemand, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"karipass {version('karipass')}")
        raise typer.Exit


@app.callback()
def ivr(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """The access number: a telephone call sets a temporary password."""
