"""The store of a live call, by way of a store process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, assert_never

import structlog

from ivr.call.caller import Caller
from ivr.call.dialogue.events import (
    NotAdmitted,
    NotStored,
    PreparePassword,
    StoreAnswer,
    StoreAway,
    Stored,
    StorePassword,
)
from ivr.service.store_process import messages
from ivr.service.store_process.codec import StoreProtocolError, encode
from ivr.service.store_process.messages import Outcome
from storage.errors import StoreUnavailable

if TYPE_CHECKING:
    from ivr.service.store_process.link import StoreLink

_log = structlog.get_logger(__name__)


class LinkedCallStore:
    """The store of one live call (`ivr.call.store.CallStore`): answers come later, on the loop."""

    def __init__(self, link: StoreLink, caller: Caller, call_id: str, broken: Callable[[], None]) -> None:
        self._link = link
        self._caller = caller.known_number
        self._call = call_id
        self._broken = broken
        self._withdrawn = False

    def prepare_password(self, command: PreparePassword) -> None:
        """Have the process hash a password."""
        self._link.tell(
            messages.Prepare(call=self._call, caller=self._caller, target=command.target, password=command.password)
        )

    def discard_password(self) -> None:
        """Have the process throw the hash away."""
        self._link.tell(messages.Discard(call=self._call))

    def store_password(self, command: StorePassword, answered: Callable[[StoreAnswer, float], None]) -> None:
        """Have the process store a password."""
        self._link.keep(self._store_password(command, answered))

    def withdraw(self) -> None:
        """Take the request to store back, if it is not too late."""
        self._withdrawn = True
        self._link.tell(messages.Withdraw(call=self._call))

    def note_failure(self) -> None:
        """Count the call, which has failed, against its line."""
        self._link.keep(self._note_failure())

    async def _store_password(self, command: StorePassword, answered: Callable[[StoreAnswer, float], None]) -> None:
        answer = await self._answer(command)
        try:
            answered(answer, asyncio.get_running_loop().time())
        except Exception:  # noqa: BLE001 - the border of a call
            _log.exception("call_failed", call=self._call)
            self._broken()

    async def _answer(self, command: StorePassword) -> StoreAnswer:
        """Ask for a password to be stored. Whatever goes wrong, the caller gets an answer."""
        request = self._link.new_request()
        asked = messages.Store(
            request=request,
            call=self._call,
            caller=self._caller,
            unit=command.unit,
            target=command.target,
            password=command.password,
        )
        try:
            await self._link.until_up()
            if self._withdrawn:  # before it was asked
                self.discard_password()
                return NotStored()
            return _answer(await self._link.ask(request, encode(asked)))
        except StoreUnavailable as error:
            _log.error("not_stored", call=self._call, problem=str(error))
            self._link.tell(messages.Withdraw(call=self._call))  # it may still be under way
            return StoreAway()
        except Exception:  # noqa: BLE001 - the border of a call: the caller must get an answer, whatever failed
            _log.exception("storing_failed", call=self._call)
            return StoreAway()

    async def _note_failure(self) -> None:
        request = self._link.new_request()
        asked = encode(messages.NoteFailure(request=request, call=self._call, caller=self._caller))
        try:
            await self._link.until_up()
            await self._link.ask(request, asked)
        except StoreUnavailable as error:  # the call is over: nobody is left who could hear of it
            _log.error("failure_not_counted", call=self._call, problem=str(error))


def _answer(reply: messages.Reply) -> StoreAnswer:
    if not isinstance(reply, messages.Answer):
        raise StoreProtocolError(f"a Store was answered by a {type(reply).__name__}")
    match reply.outcome:
        case Outcome.STORED:
            return Stored()
        case Outcome.NOT_STORED:
            return NotStored()
        case Outcome.REFUSED if reply.refusal is not None:
            return NotAdmitted(reply.refusal)
        case Outcome.REFUSED | Outcome.AWAY:
            return StoreAway()
        case _:
            assert_never(reply.outcome)
