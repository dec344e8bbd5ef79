"""Asks Asterisk about itself over its manager interface, with no more rights than the service has.

It uses the service's own connection, not the library of the short-lived commands. That connection has the limits that a
tool needs which runs when something is wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ivr.telephony.ami.connection import ActionRefused, AmiConnection, AmiLogin, Fields
from ivr.telephony.ami.messages import AmiError

INBOUND: Final = "karipass-inbound"
ACCESS: Final = "karipass-access"

MODULES: Final = (
    "app_audiosocket",
    "app_playback",
    "app_userevent",
    "chan_pjsip",
    "func_callerid",
    "func_channel",
    "func_env",
    "func_global",
    "func_logic",
    "func_sha1",
    "func_strings",
    "func_timeout",
    "res_agi",
    "res_audiosocket",
    "res_pjsip_header_funcs",
    "res_rtp_asterisk",
)
"""The modules that the dialplan of the access number needs (dialplan/karipass/extensions.conf)."""
NOTICE: Final = "karipass-notice"
NOTICE_MODULES: Final = ("app_celgenuserevent", "app_stack", "cel_custom", "func_uri", "res_cdrel_custom")
"""The modules that the journal of incoming calls needs besides (dialplan/karipass/notice.conf)."""
_ASKED_BY: Final = "func_module"
GLOBALS: Final = (
    "KARIPASS_ACCESS_NUMBER",
    "KARIPASS_AGI",
    "KARIPASS_AGI_SECRET",
    "KARIPASS_AGI_SECRET_FILE",
    "KARIPASS_CALL_CAP_S",
)
"""The global variables that are asked for; KARIPASS_AGI_SECRET should no longer exist."""

_ANSWER_S: Final = 5.0
_ALL_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeFacts:
    """The facts about one Asterisk.

    Attributes:
        version: Asterisk's version.
        modules: whether each of `MODULES` runs; None if Asterisk cannot say.
        variables: our global variables of the dialplan; "" for one that is not set.
        dialplan: the steps of our contexts, by context, with `extension`, `priority`, `application`, `appdata`.
        actions: the actions that the manager user may run.
        notice_modules: whether each of `NOTICE_MODULES` runs; None if Asterisk cannot say.
        has_notice: whether it has the dialplan of call notices.
    """

    version: str
    modules: Mapping[str, bool] | None
    variables: Mapping[str, str] = field(repr=False)
    dialplan: Mapping[str, Sequence[Fields]] = field(repr=False)
    actions: frozenset[str]
    notice_modules: Mapping[str, bool] | None = None
    has_notice: bool = False


async def ask_exchange(login: AmiLogin) -> ExchangeFacts:
    """Ask Asterisk for its facts.

    Raises:
        AmiError: it cannot be asked, or it does not answer; the text has the remedy.
    """
    try:
        async with (
            asyncio.timeout(_ALL_S),
            await AmiConnection.open(login, lambda _event: None, patience_s=_ANSWER_S) as connection,
        ):
            actions = frozenset(name for name in (await connection.ask("ListCommands"))[0] if name != "response")
            return ExchangeFacts(
                version=(await connection.ask("CoreSettings"))[0].get("asteriskversion", ""),
                modules=await _modules(connection, MODULES),
                variables={name: await _value(connection, name) for name in GLOBALS},
                dialplan={context: await _steps(connection, context) for context in (INBOUND, ACCESS)},
                actions=actions,
                notice_modules=await _modules(connection, NOTICE_MODULES),
                has_notice=bool(await _steps(connection, NOTICE)),
            )
    except TimeoutError:
        raise AmiError(
            f"AMI at {login} did not answer all questions within {_ALL_S:g} s: is Asterisk overloaded?"
        ) from None


async def _value(connection: AmiConnection, name: str) -> str:
    return (await connection.ask("Getvar", Variable=name))[0].get("value", "")


async def _modules(connection: AmiConnection, names: Sequence[str]) -> dict[str, bool] | None:
    if not await _runs(connection, _ASKED_BY):
        return None
    return {name: await _runs(connection, name) for name in names}


async def _runs(connection: AmiConnection, module: str) -> bool:
    return await _value(connection, f"IFMODULE({module}.so)") == "1"


async def _steps(connection: AmiConnection, context: str) -> list[Fields]:
    try:
        replies = await connection.ask("ShowDialPlan", Context=context)
    except ActionRefused:  # Asterisk's answer for a context that does not exist
        return []
    return [reply for reply in replies if reply.get("event") == "ListDialplan"]
