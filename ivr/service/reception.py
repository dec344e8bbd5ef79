"""Takes calls over FastAGI: checks who is at the door, turns away calls beyond the limits, asks who calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ivr.call.caller import Caller, caller_from_network
from ivr.call.dialogue.limits import AFTER_THE_CALL_S
from ivr.exchange.configuration import CROWDED
from ivr.host.settings import Settings
from ivr.service.admission import Admission
from ivr.service.places import CallPlaces
from ivr.service.presented import presented_by
from ivr.service.watching.turned_away import TurnedAway
from ivr.telephony.fastagi.proof import SECRET_FILE, proves
from ivr.telephony.fastagi.server import AgiChannel

_log = structlog.get_logger(__name__)

CALLER_VARIABLE: Final = "KARIPASS_CALLER"
CAP_VARIABLE: Final = "KARIPASS_CALL_CAP_S"
APOLOGY_VARIABLE: Final = "KARIPASS_APOLOGY"
READY_VARIABLE: Final = "KARIPASS_READY"
READY: Final = "yes"
_READY_SCRIPT: Final = "ready"
"""What the dialplan asks before it brings a call: whether it would be taken. (Asterisk waits without end for a service
that has a call, and only so long as it wants for this answer.)"""
_TOLD: Final = {
    TurnedAway.TOO_MANY_CALLS: "too many calls (KARIPASS_CALLS)",
    TurnedAway.TOO_MANY_OF_A_NUMBER: "too many calls of one number",
    TurnedAway.STOPPING: "stopping",
}
"""The refusals of a place, for the log."""


class Reception:
    """Takes calls, and turns away those beyond the limits and those that this host cannot carry. A call that is turned
    away has no outcome: the dialplan apologises, and says that many call at once if it is so.

    Args:
        settings: how many calls there may be, of all callers and of one.
        agi_secret: the secret that our Asterisk knows; without it, anyone who reached our port could claim to be any
            caller.
        admission: says whether this host takes one more call.
        places: gives the calls their places.
        turned_away: called with the reason for each call that is turned away.
        take: takes a call of a caller.

    Attributes:
        opened: whether calls are taken.
        calls: how many calls there are.
        empty: set while there are none.
    """

    def __init__(
        self,
        settings: Settings,
        agi_secret: str,
        *,
        admission: Admission,
        places: CallPlaces,
        turned_away: Callable[[TurnedAway], None],
        take: Callable[[AgiChannel, Caller], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._agi_secret = agi_secret
        self._admission = admission
        self._turned_away = turned_away
        self._take = take
        self._places = places
        self.opened = False
        self.calls = 0
        self.empty = asyncio.Event()
        self.empty.set()

    async def stranger(self, channel: AgiChannel) -> str | None:
        """Check who is at the door; returns what is wrong, or None if it is our Asterisk."""
        if await proves(channel, self._agi_secret):
            return None
        self._turned_away(TurnedAway.WRONG_SECRET)
        return f"wrong secret: the file that {SECRET_FILE} names in Asterisk's [globals] must hold KARIPASS_AGI_SECRET"

    async def serve(self, channel: AgiChannel) -> None:
        """Serve a call from its first request to its end, or say whether one would be taken."""
        if not self.opened:
            _log.warning("call_refused", reason="stopping")
            self._turned_away(TurnedAway.STOPPING)
            return
        if not self._admission.takes(self.calls):
            await self._turn_away(channel, TurnedAway.STRAINED)
            return
        if channel.request.variables.get("network_script") == _READY_SCRIPT:
            await channel.execute("SET VARIABLE", READY_VARIABLE, READY)
            return
        self.calls += 1
        self.empty.clear()
        try:
            await self._receive(channel)
        finally:
            self.calls -= 1
            if not self.calls:
                self.empty.set()

    async def _receive(self, channel: AgiChannel) -> None:
        await self._set_cap(channel)
        caller = caller_from_network(await presented_by(channel))
        number = caller.known_number
        await channel.execute("SET VARIABLE", CALLER_VARIABLE, number)
        refusal = await self._places.take(number)
        if refusal is not None:
            _log.warning("call_refused", reason=_TOLD[refusal], caller=number)
            await self._turn_away(channel, refusal)
            return
        try:
            await self._take(channel, caller)
        finally:
            self._places.give_back(number)

    async def _turn_away(self, channel: AgiChannel, reason: TurnedAway) -> None:
        """Turn a call away because many call at once."""
        self._turned_away(reason)
        await channel.execute("SET VARIABLE", APOLOGY_VARIABLE, CROWDED)

    async def _set_cap(self, channel: AgiChannel) -> None:
        """Replace the dialplan's short limit, for a service that is away, by the one for a service that hangs."""
        cap = await channel.get_variable(CAP_VARIABLE) or ""
        seconds = cap if cap.isascii() and cap.isdigit() else f"{self._settings.call_s + 2 * AFTER_THE_CALL_S:.0f}"
        await channel.execute("SET VARIABLE", "TIMEOUT(absolute)", seconds)
