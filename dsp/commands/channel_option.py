"""The option `--channel` of the commands that read a recording."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from dsp.channels import CHANNEL_HELP, Channel, Take, channel_of

_NAME: Final = "--channel"
ChannelOption = Annotated[str, typer.Option(_NAME, metavar="CHANNEL", help=CHANNEL_HELP)]
EachChannelOption = Annotated[
    str, typer.Option(_NAME, metavar="CHANNEL", help=f"{CHANNEL_HELP} each: all of them, a line each.")
]


def channel_asked_for(text: str, *, why_one: str = "") -> Channel:
    """Return the channel that the option names.

    Args:
        text: the option's value.
        why_one: why the value "each" is not allowed; "" if it is.

    Raises:
        typer.BadParameter: the value names no channel, or is "each" where one is needed.
    """
    try:
        channel = channel_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=_NAME) from None
    if channel is Take.EACH and why_one:
        raise typer.BadParameter(why_one, param_hint=_NAME)
    return channel
