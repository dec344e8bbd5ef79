"""Asks Asterisk over FastAGI what a call presents of its caller."""

from __future__ import annotations

from typing import Final

from ivr.call.caller import Presented
from ivr.telephony.fastagi.server import AgiChannel

TRUNK_VARIABLE: Final = "KARIPASS_TRUNK"
"""Set to `yes` by the template of trunks (dialplan/karipass/pjsip.conf)."""
_MOST_PRIVACY: Final = 4
"""How many headers of that name are read at most."""


async def presented_by(channel: AgiChannel) -> Presented:
    """Ask for everything that says who calls.

    Raises:
        As `AgiChannel.execute`.
    """
    number, presentation = await channel.get_variable("CALLERID(num)"), await channel.get_variable("CALLERID(pres)")
    privacy: list[str] = []
    while len(privacy) < _MOST_PRIVACY and (header := await _header(channel, "Privacy", len(privacy) + 1)):
        privacy.append(header)
    is_trunk = await channel.get_variable(TRUNK_VARIABLE) == "yes"
    return Presented(
        number=number,
        presentation=presentation,
        privacy=privacy,
        sender=await _header(channel, "From"),
        unasserted=is_trunk and not await _header(channel, "P-Asserted-Identity"),
    )


async def _header(channel: AgiChannel, name: str, number: int = 1) -> str | None:
    return await channel.get_variable(f"PJSIP_HEADER(read,{name},{number})")
