"""The `ivr` command.

A command's module is loaded when the command is used, and the modules that the command needs when it runs. So neither a
help page nor a list of calls has to wait until the receiver is loaded.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.main import get_group

from dsp.commands.group import CommandGroup

COMMANDS: Final = {
    "up": (
        "ivr.cli.serving.commands:up",
        "Start an Asterisk, sample lines, the service and the console on this machine, and say how to call it.",
    ),
    "serve": (
        "ivr.cli.serving.commands:serve",
        "Answer the access number's calls for an Asterisk that is configured with the files in dialplan/.",
    ),
    "simulate": ("ivr.cli.simulate:simulate", "Run a call whose caller sends a recording, and print what happened."),
    "doctor": (
        "ivr.cli.doctor:doctor",
        "Check settings, keys, store, disk, guidance, ports, clock and Asterisk; nothing is changed.",
    ),
    "call": (
        "ivr.cli.calls.call_group:call_app",
        "Call the access number through the running Asterisk and show what is pressed and heard.",
    ),
    "calls": (
        "ivr.cli.calls.calls:calls",
        "List calls, the latest last. `ivr call show ID` shows why one went as it did.",
    ),
    "report": (
        "ivr.cli.report:report",
        "Show how many callers got through at the first try and where the others fail, and the logins of each day.",
    ),
    "console": (
        "ivr.cli.serving.commands:console",
        "Serve the operators' console until SIGTERM or Ctrl-C. `ivr operator add` says who may log in.",
    ),
    "mail": (
        "ivr.cli.serving.commands:mail",
        "Send the mails that wait in the store's outbox until SIGTERM or Ctrl-C.",
    ),
    "bounces": (
        "ivr.cli.serving.commands:bounces",
        "Take mails that come back, and note why, until SIGTERM or Ctrl-C.",
    ),
    "mailbox": (
        "ivr.cli.serving.commands:mailbox",
        "Receive mails on this machine and show them on a page, for trying it out, until SIGTERM or Ctrl-C.",
    ),
    "notice": (
        "ivr.cli.notice:notice_app",
        "Mail subscribers about calls to their numbers, and show why a call was mailed or not.",
    ),
    "ring": (
        "ivr.cli.ring:ring",
        "Call a sample subscriber of the running `ivr up`, and say what came of it: a mail, or why there is none.",
    ),
    "portal": (
        "ivr.cli.serving.commands:portal",
        "Serve the subscribers' settings site until SIGTERM or Ctrl-C.",
    ),
    "operator": ("ivr.cli.operator:operator_app", "Manage who may log in to the console."),
    "lines": ("ivr.cli.lines:lines_app", "Manage the lines whose callers are admitted."),
    "audit": ("ivr.cli.audit:audit_app", "Show who did what to which number and when."),
    "keys": ("ivr.cli.keys:keys_app", "Manage the keys of the store's hashes, and their rotation."),
    "prompts": ("ivr.cli.prompts:prompts_app", "Check and build what callers hear; replace wording or recordings."),
    "load": (
        "ivr.cli.load:load",
        "Have many callers at once call an Asterisk and a service of their own, and show how it went.",
    ),
    "capacity": (
        "ivr.cli.capacity:capacity",
        "Find out in about a minute how many calls this machine carries, and what gives way first.",
    ),
    "sizing": (
        "ivr.cli.sizing:sizing",
        "Say what many hosts carry and how many an evening needs, from what `ivr capacity --figures` measured.",
    ),
    "lab": ("ivr.cli.lab:lab_app", "Break a house of many hosts, under calls."),
    "scenario": (
        "ivr.cli.scenario:scenario_app",
        "Run test calls from files, which say who calls, what is pressed when, and what the result must be.",
    ),
}
"""Where each command is (a function, or an application of several commands, in a module), and its purpose. The purpose
is the one that the command itself states; it stands here so that a list of all commands need not load any."""


class OnDemand(CommandGroup):
    """Commands that are loaded when they are used."""

    _listed = False
    """Whether only the names and purposes of the commands are wanted."""

    def list_commands(self, ctx: Any) -> list[str]:
        """List the commands in the order in which help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command by its name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        place, purpose = COMMANDS[cmd_name]
        holder = typer.Typer()
        holder.callback()(lambda: None)
        if self._listed:
            holder.command(cmd_name, help=purpose)(lambda: None)
            return get_group(holder).commands[cmd_name]
        module, _, name = place.partition(":")
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=cmd_name)
        else:
            holder.command(cmd_name)(found)
        return get_group(holder).commands[cmd_name]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with one line for each command."""
        self._listed = True
        super().format_help(ctx, formatter)
        self._listed = False


app = typer.Typer(name="ivr", cls=OnDemand, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"karipass {version('karipass')}")
        raise typer.Exit


@app.callback()
def ivr(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """The access number: a telephone call sets a temporary password."""
    if (
        "KARIPASS_SETTINGS_FILE" in os.environ and context.invoked_subcommand != "serve"
    ):  # which reads it again and again
        from ivr.cli.common import take_settings_file

        take_settings_file()
