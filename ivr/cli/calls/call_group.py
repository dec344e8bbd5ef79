"""`ivr call` makes a test call; `ivr call show` shows one that was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dsp.channels import Take
from dsp.commands.channel_option import ChannelOption, channel_asked_for
from dsp.commands.group import CommandGroup
from ivr.cli.calls.calls import show
from ivr.cli.common import ONE_CALLER


def call(
    context: typer.Context,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="NUMBER", help="The caller number; needed unless it is withheld.")
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(
            help="Keys to press in band; at each space the caller first listens to the guidance. "
            "`-` reads them from standard input, where no process list shows them."
        ),
    ] = None,
    wav: Annotated[Path | None, typer.Option(help="A recording that the caller sends from the answer on.")] = None,
    channel: ChannelOption = Take.BEST.value,
    ahead: Annotated[
        bool, typer.Option("--ahead", help="Press all keys at once, without listening to the guidance.")
    ] = False,
    withheld: Annotated[
        bool,
        typer.Option(
            "--withheld",
            help="The caller withholds the number, and hears that it is needed: neither --from nor keys are needed.",
        ),
    ] = False,
) -> None:
    """Call the access number through the running Asterisk and show what is pressed and heard.

    The exit status is 0 only if the access number says that the password is set.
    """
    if context.invoked_subcommand is not None:
        return
    if from_ is None and not withheld:
        raise typer.BadParameter("name the caller number", param_hint="--from")
    from ivr.cli.calls.call import call as make  # loads the receiver: who looks at a record need not wait for it

    wanted = channel_asked_for(channel, why_one=ONE_CALLER)
    make(from_=from_, keys=keys, wav=wav, channel=wanted, ahead=ahead, withheld=withheld)


call_app = typer.Typer(cls=CommandGroup, invoke_without_command=True)
call_app.callback()(call)
call_app.command()(show)
