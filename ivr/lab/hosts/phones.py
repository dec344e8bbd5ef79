"""Telephones at a node of the network: a process there carries their calls, any number at once.

They type ahead, as callers do who know the way, and then stay until the exchange hangs up. What their calls lead to is
in the store.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ivr.lab.ear import Ear
from ivr.lab.hosts.namespace import enter
from ivr.lab.load.crowd.process import leave_interrupts
from ivr.lab.scenarios.phone import CallRefused, PhoneCall, open_call
from ivr.lab.sender import SILENCE, KeyEvent, Sent
from ivr.media.clock import TICK_S

_KEY_FRAMES: Final = 4
_PAUSE_FRAMES: Final = 4
_BETWEEN_ENTRIES_FRAMES: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCallPlan:
    """A call to make.

    Attributes:
        caller: the caller number, which is asserted.
        entries: the entries that are typed, one after the other.
        lead_s: how long after the answer the first one starts.
        stays_s: how long after the answer the caller hangs up if the exchange does not.
    """

    caller: str
    entries: Sequence[str] = field(repr=False, default=())
    lead_s: float = 0.6
    stays_s: float = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneResult:
    """How a call went.

    Attributes:
        answered_s: how long after the call began it was answered; None if it was not.
        refusal: the exchange's refusal, or that there was no answer; "" if it was answered.
        talked_s: how long it lasted after the answer.
        heard_s: for how long anything was heard in it.
        by_exchange: whether the exchange hung up.
    """

    answered_s: float | None
    refusal: str = ""
    talked_s: float = 0.0
    heard_s: float = 0.0
    by_exchange: bool = False


class Phones:
    """The telephones; a context manager.

    Args:
        namespace: the network namespace of the node.
        host: the node's address.
        exchange: where they call.
        number: the number that they dial.
    """

    def __init__(self, namespace: Path, *, host: str, exchange: tuple[str, int], number: str) -> None:
        context = get_context("spawn")
        self._ours, theirs = context.Pipe()
        node = _Node(namespace, host, exchange, number)
        self._process = context.Process(target=_serve, args=(node, theirs), daemon=True)
        self._theirs = theirs
        self._numbers = itertools.count()
        self._calls: dict[int, Future[PhoneResult]] = {}
        self._reader = threading.Thread(target=self._read, name="phones", daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process; calls that go on are dropped without a word."""
        self._process.kill()
        self._process.join()
        self._reader.join()
        self._ours.close()

    def call(self, plan: PhoneCallPlan) -> Future[PhoneResult]:
        """Start a call; its result is there when it is over."""
        number = next(self._numbers)
        self._calls[number] = Future()
        self._ours.send((number, plan))
        return self._calls[number]

    def set_password(self, caller: str, password: str, *, unit_key: str = "1") -> Future[PhoneResult]:
        """Start a call that sets a password for a line: the unit's key, and the password twice."""
        return self.call(PhoneCallPlan(caller=caller, entries=(unit_key, password, password)))

    def _read(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                number, result = self._ours.recv()
                self._calls.pop(number).set_result(result)
        for each in self._calls.values():
            each.cancel()


# --- at the node --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Node:
    namespace: Path
    host: str
    exchange: tuple[str, int]
    number: str


def _serve(node: _Node, pipe: Connection) -> None:
    leave_interrupts()
    enter(node.namespace)
    with suppress(EOFError):
        asyncio.run(_take_calls(node, pipe))


async def _take_calls(node: _Node, pipe: Connection) -> None:
    async def run(number: int, plan: PhoneCallPlan) -> None:
        pipe.send((number, await _call(node, plan)))

    async with asyncio.TaskGroup() as calls:
        while True:
            number, plan = await asyncio.to_thread(pipe.recv)
            calls.create_task(run(number, plan))


async def _call(node: _Node, plan: PhoneCallPlan) -> PhoneResult:
    phone = await open_call(exchange=node.exchange, host=node.host, number=node.number)
    began = time.monotonic()
    try:
        await phone.dial(plan.caller)
        answered = time.monotonic()
        heard_s = await _talk(phone, plan)
        by_exchange = phone.ended
        await phone.hang_up()
        return PhoneResult(
            answered_s=answered - began,
            talked_s=time.monotonic() - answered,
            heard_s=heard_s,
            by_exchange=by_exchange,
        )
    except CallRefused as refusal:
        return PhoneResult(answered_s=None, refusal=str(refusal))
    finally:
        phone.close()


async def _talk(phone: PhoneCall, plan: PhoneCallPlan) -> float:
    """Type, and listen until the exchange hangs up; returns for how many seconds anything was heard."""
    loop = asyncio.get_running_loop()
    ear, heard_s = Ear(), 0.0
    start = loop.time()
    for number, sent in enumerate(_frames(plan)):
        for frame in phone.received():
            ear.feed(frame)
            heard_s += TICK_S * (ear.speaking and not ear.silent_s)
        if phone.ended:
            break
        phone.send(sent)
        await asyncio.sleep(max(0.0, start + (number + 1) * TICK_S - loop.time()))
    return heard_s


def _frames(plan: PhoneCallPlan) -> Sequence[Sent]:
    """What the telephone sends, every 20 ms: silence with key events in it."""
    frames = [Sent(SILENCE)] * round(plan.lead_s / TICK_S)
    for entry in plan.entries:
        for key in entry:
            frames.append(Sent(SILENCE, event=KeyEvent(key, _KEY_FRAMES)))
            frames += [Sent(SILENCE)] * (_KEY_FRAMES - 1 + _PAUSE_FRAMES)
        frames += [Sent(SILENCE)] * _BETWEEN_ENTRIES_FRAMES
    frames += [Sent(SILENCE)] * (round(plan.stays_s / TICK_S) - len(frames))
    return frames
