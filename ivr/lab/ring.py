"""A call to a sample subscriber through the running Asterisk: its mail shows what a call notice says.

Asterisk is asked (over AMI) to dial the subscriber's number over SIP, as `ivr call` dials the access number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from ivr.errors import CallFailed
from ivr.exchange.configuration import LOOP_ENDPOINT
from ivr.lab.place_call import TEST_CALL_HEADER, Origin
from ivr.telephony.ami.messages import AmiEvents, send_action
from notice.journal.caller import Reason

DISPLAY_NAMES: Final[Mapping[Reason, str]] = {
    Reason.PAYPHONE: "Coin line/payphone",
    Reason.SERVICE_CONFLICT: "Interaction with other service",
    Reason.UNAVAILABLE: "Unavailable",
}
"""What networks write in From's display name if they have no number to present (TTC JJ-90.24). A number that the caller
withholds they do have, and send with Privacy."""
LONGEST_S: Final = 60
"""How long a phone may ring before it answers."""
_EVENT: Final = "KaripassRing"
"""The event of dialplan/samples/subscribers.conf."""
_ANSWER_AFTER_HEADER: Final = "X-Karipass-Answer-After"
_TAKEN_S: Final = 5.0
_OVER_S: Final = LONGEST_S + 30.0
_STAYS_S: Final = 1
"""How long the caller stays after the answer."""


async def ring(
    origin: Origin, *, to: str, caller: str, withheld: Reason | None = None, answer_after_s: int | None = None
) -> str:
    """Call a sample subscriber, and see the call through.

    Args:
        origin: the Asterisk.
        to: the subscriber's number.
        caller: who calls.
        withheld: why the call presents no number; None if it does.
        answer_after_s: after how many seconds of ringing the phone answers; None leaves it to the phone.

    Returns:
        The call's id (LINKEDID).

    Raises:
        AmiError: Asterisk cannot be asked, or did not take the call.
        CallFailed: the call did not reach a sample subscriber, or did not end.
    """
    mark = str(uuid4())
    login = (origin.ami_host, origin.ami_port, origin.ami_user, origin.ami_secret)
    variables = _presented(caller, withheld) | {f"PJSIP_HEADER(add,{TEST_CALL_HEADER})": mark}
    if answer_after_s is not None:
        variables[f"PJSIP_HEADER(add,{_ANSWER_AFTER_HEADER})"] = str(answer_after_s)
    fields = {
        "Channel": f"PJSIP/{to}@{LOOP_ENDPOINT}",
        "Application": "Wait",
        "Data": str(_STAYS_S),
        "Timeout": str(int(1000 * _OVER_S)),
        "Async": "true",
    }
    async with AmiEvents(*login, "UserEvent") as events:
        await asyncio.to_thread(send_action, *login, "Originate", fields, variables)
        call = await _state(events, mark, "rings", _TAKEN_S)
        if call is None:
            raise CallFailed(f"{to} did not ring: the sample subscribers are those of an Asterisk that `ivr up` runs")
        if await _state(events, mark, "over", _OVER_S) is None:
            raise CallFailed(f"the call to {to} did not end within {_OVER_S:g} s")
        return call


def _presented(caller: str, withheld: Reason | None) -> dict[str, str]:
    """Say who calls: Asterisk presents the connected line on a channel that it dials out."""
    name = DISPLAY_NAMES.get(withheld, "") if withheld else ""
    return {
        "CONNECTEDLINE(num)": "anonymous" if name else caller,
        "CONNECTEDLINE(name)": name,
        "CONNECTEDLINE(pres)": "prohib" if withheld is Reason.WITHHELD else "allowed",
    }


async def _state(events: AmiEvents, mark: str, state: str, patience_s: float) -> str | None:
    """Wait until our call is in a state; return its id, None if it did not come to it in time."""
    try:
        async with asyncio.timeout(patience_s):
            while True:
                event = {name.lower(): value for name, value in (await events.next()).items()}
                if event.get("userevent") == _EVENT and event.get("testcall") == mark and event.get("state") == state:
                    return event.get("call")
    except TimeoutError:
        return None
