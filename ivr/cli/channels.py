"""The option `--channel` of the commands that send a recording."""

from __future__ import annotations

from typing import Annotated

import typer

from dsp.channels import CHANNEL_HELP, Channel, Take, channel_of

ChannelOption = Annotated[str, typer.Option("--channel", metavar="CHANNEL", help=CHANNEL_HELP)]


def callers_channel(text: str) -> Channel:
    """The channel that the option names.

    Raises:
        typer.BadParameter: it names none, or each of them.
    """
    try:
        channel = channel_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--channel") from None
    if channel is Take.EACH:
        raise typer.BadParameter("a call has one caller: make one for each channel", param_hint="--channel")
    return channel
