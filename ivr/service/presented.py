"""Asks Asterisk over FastAGI what a call presents of its caller."""

from __future__ import annotations

from typing import Final

from ivr.call.caller import Presented
from ivr.telephony.fastagi.server import AgiChannel

TRUNK_VARIABLE: Final = "KARIPASS_TRUNK"
"""Set to `yes` by the template of trunks (dialplan/karipass/pjsip.conf)."""
_MOST_HEADERS: Final = 16
"""How many headers of a name are read at most."""


async def presented_by(channel: AgiChannel) -> Presented:
    """Ask for everything that says who calls.

    Raises:
        As `AgiChannel.execute`.
    """
    number, presentation = await channel.get_variable("CALLERID(num)"), await channel.get_variable("CALLERID(pres)")
    privacy = await _headers(channel, "Privacy")
    is_trunk = await channel.get_variable(TRUNK_VARIABLE) == "yes"
    return Presented(
        number=number,
        presentation=presentation,
        privacy=privacy,
        sender=await _header(channel, "From"),
        asserted=await _headers(channel, "P-Asserted-Identity") if is_trunk else None,
    )


async def _headers(channel: AgiChannel, name: str) -> list[str]:
    headers: list[str] = []
    while len(headers) < _MOST_HEADERS and (header := await _header(channel, name, len(headers) + 1)) is not None:
        headers.append(header)  # an empty one, too: others may stand behind it
    return headers


async def _header(channel: AgiChannel, name: str, number: int = 1) -> str | None:
    return await channel.get_variable(f"PJSIP_HEADER(read,{name},{number})")
