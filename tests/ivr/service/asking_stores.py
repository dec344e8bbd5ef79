"""What a call asks of its store, whatever carries it out: threads or a store process."""

from __future__ import annotations

import asyncio

import pytest

from credentials.model import Unit
from ivr.call.caller import Caller
from ivr.call.dialogue.events import PreparePassword, StoreAnswer, StorePassword
from ivr.call.store import CallStore
from ivr.service.stores import CallStores

CONTRACT, PASSWORD, OTHER = "0312345678", "24681357", "13572468"
CALLER = Caller(CONTRACT)
PREPARE = PreparePassword(CONTRACT, PASSWORD)


def live(stores: CallStores, call_id: str = "c0ffee") -> CallStore:
    """Return the store of a call that must not break."""
    return stores.of_call(CALLER, call_id, broken=lambda: pytest.fail("the call broke"))


async def stored(call: CallStore, password: str = PASSWORD) -> StoreAnswer:
    """Have a call store a password; return the answer."""
    answer: asyncio.Future[StoreAnswer] = asyncio.get_running_loop().create_future()
    call.store_password(StorePassword(Unit.LINE, CONTRACT, password), lambda given, _now: answer.set_result(given))
    async with asyncio.timeout(20):
        return await answer
