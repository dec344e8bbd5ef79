"""Runs scenarios over real calls: SIP and RTP through an Asterisk to the service, the guidance heard with the caller's
ear.

The caller, the judge and the check of the store are those of the simulated run. How an entry was judged and why a call
ended is read from the service's log, as an operator would read it. Many calls go on at once; calls that share a number
wait for each other.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar

from credentials.store import CredentialStore
from dsp.line.speech_coders import LibraryMissingError
from ivr.call.caller import DISPLAY_NAMES
from ivr.call.dialogue.events import RefusalReason
from ivr.lab.ear import Ear, Utterance
from ivr.lab.house import ACCESS_NUMBER, House
from ivr.lab.line_quality import TelephoneLine
from ivr.lab.scenarios.caller import ScriptedCaller
from ivr.lab.scenarios.load import ScenarioFile
from ivr.lab.scenarios.model import NO_NUMBER, Scenario
from ivr.lab.scenarios.phone import PhoneCall, open_call
from ivr.lab.scenarios.store_side import StoreWatch, prepare
from ivr.lab.scenarios.verdict import Difference, Observed, Verdict, cannot_run, clips_heard, judge
from ivr.lab.sender import Sender
from ivr.media.clock import TICK_S
from ivr.telephony.errors import TelephonyError
from prompts import PromptError
from storage.errors import StorageError

PHONE_HOST: Final = "127.0.0.7"
"""The address that the telephones of scenarios call from: a trunk to this exchange, and to no other."""
CALLS_AT_ONCE: Final = 14
"""As many calls as two cores carry, callers included, without a late packet."""
_FIRST: Final = -10
_LAST: Final = 10
_LOOK_AGAIN_S: Final = 0.25
_LONGEST_CALL_S: Final = 600.0
_LOG_S: Final = 20.0
"""How long to wait for the log: after a hang-up the store may still be at work."""

T = TypeVar("T")
Done = Callable[[ScenarioFile, Verdict, float], None]


@dataclass(frozen=True, slots=True)
class _Place:
    """The house, the store and the helpers that a scenario runs with."""

    house: House
    store: CredentialStore
    ears: ProcessPoolExecutor
    desk: ThreadPoolExecutor

    async def at_desk(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run work that would delay the callers' clock in another thread, one piece after the other."""
        return await asyncio.get_running_loop().run_in_executor(self.desk, work, *arguments)


def run_live(files: Sequence[ScenarioFile], done: Done) -> None:
    """Run scenarios over real calls, in houses of their own: one for each set of limits.

    Args:
        files: the scenarios.
        done: called with each scenario when it is over, with its verdict and how many seconds it took.

    Raises:
        ExchangeError: there is no Asterisk, or a house did not come up.
    """
    by_limits: dict[tuple[tuple[str, float], ...], list[ScenarioFile]] = defaultdict(list)
    for file in files:
        by_limits[tuple(sorted(file.scenario.limits.items()))].append(file)
    with ExitStack() as stack:
        stack.enter_context(_going_first())
        # In a process beside the callers, whose clock it would delay.
        ears = stack.enter_context(
            ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_go, initargs=(_LAST,))
        )
        desk = stack.enter_context(ThreadPoolExecutor(1, initializer=_go, initargs=(_LAST,)))
        work = []
        for limits, group in by_limits.items():
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="karipass-")))
            house = stack.enter_context(_house(directory, dict(limits)))
            place = _Place(house, stack.enter_context(closing(house.store())), ears, desk)
            work += [(file, place) for file in group]
        asyncio.run(_run_all(work, done))


def _house(directory: Path, limits: Mapping[str, float]) -> House:
    settings = {f"KARIPASS_{name.upper()}": f"{value:g}" for name, value in limits.items()}
    return House(directory, settings={"KARIPASS_STOP_S": "1", **settings}, trunks=(PHONE_HOST,))


@contextmanager
def _going_first() -> Iterator[None]:
    """Give callers, and the houses that they start, precedence over other programs: a real telephone is never late.

    If that is not allowed (it takes root, as Asterisk does here), nothing changes.
    """
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    _go(_FIRST)
    try:
        yield
    finally:
        _go(before)


def _go(niceness: int) -> None:
    """Set the niceness of this thread: on Linux each thread has its own, and hands it on to what it starts."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


async def _run_all(work: Iterable[tuple[ScenarioFile, _Place]], done: Done) -> None:
    room = asyncio.Semaphore(CALLS_AT_ONCE)
    held: dict[tuple[int, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def one(file: ScenarioFile, place: _Place) -> None:
        async with AsyncExitStack() as stack:
            # All take them in one order, so that no two wait for each other in a circle.
            for identity in sorted(file.scenario.identities):
                await stack.enter_async_context(held[id(place), identity])
            await stack.enter_async_context(room)
            began = time.monotonic()
            verdict = await _verdict(file.scenario, place)
            done(file, verdict, time.monotonic() - began)

    async with asyncio.TaskGroup() as tasks:
        for file, place in sorted(work, key=lambda pair: _length(pair[0].scenario), reverse=True):
            tasks.create_task(one(file, place))


def _length(scenario: Scenario) -> int:
    """Estimate how much guidance is heard to its end. The longest calls start first, so that none is last."""
    last = scenario.steps[-1] if scenario.steps else None
    to_the_end = 0 if last is not None and last.hang_up else 2
    return to_the_end + sum(step.listen for step in scenario.steps if not step.ahead and step.barge_in is None)


async def _verdict(scenario: Scenario, place: _Place) -> Verdict:
    try:
        observed = await _observe(scenario, place)
    except (StorageError, LibraryMissingError, PromptError) as error:
        return cannot_run(error)
    except TelephonyError as error:
        return Verdict((Difference("call", "an answer", str(error)),))
    except TimeoutError:
        return Verdict((Difference("call", "an end", f"none within {_LONGEST_CALL_S:g} s"),))
    return judge(scenario.expect, observed)


async def _observe(scenario: Scenario, place: _Place) -> Observed:
    await place.at_desk(prepare, place.store, scenario.lines)
    numbers = [number for line in scenario.lines for number in line.numbers]
    watch = await place.at_desk(StoreWatch, place.store, numbers)
    mark = place.house.log_length
    sender = ScriptedCaller(scenario.steps, keying=scenario.keying, line=TelephoneLine(scenario.line))
    call = await open_call(exchange=("127.0.0.1", place.house.sip_port), host=PHONE_HOST, number=ACCESS_NUMBER)
    with closing(call):
        async with asyncio.timeout(_LONGEST_CALL_S):
            await _dial(call, scenario)
            heard = await _talk(call, sender)
    records = await _records(place, mark, scenario.caller)
    ending = next((record for record in records if record["event"] == "call_ended"), {})
    refused = [record for record in records if record["event"] == "entry_refused"]
    return Observed(
        outcome=ending.get("outcome"),
        reason=ending.get("reason"),
        refused=tuple((record["step"], record["verdict"]) for record in refused),
        said=await asyncio.get_running_loop().run_in_executor(place.ears, clips_heard, heard, scenario.expect.language),
        stored=await place.at_desk(watch.stored),
        opening=await place.at_desk(watch.opening, scenario.expect),
    )


async def _dial(call: PhoneCall, scenario: Scenario) -> None:
    """Dial. A caller who withholds a number has one, and it is one that would be admitted."""
    if scenario.caller not in NO_NUMBER:
        await call.dial(scenario.caller)
    elif scenario.caller == RefusalReason.WITHHELD and scenario.lines:
        await call.dial(scenario.lines[0].contract, withheld=True)
    else:
        why = RefusalReason(scenario.caller)
        await call.dial(None, name=next(name for name, reason in DISPLAY_NAMES.items() if reason is why))


async def _talk(call: PhoneCall, sender: Sender) -> list[Utterance]:
    """Send and hear, 20 ms at a time, until one side hangs up; returns the utterances that were heard."""
    loop = asyncio.get_running_loop()
    ear = Ear()
    heard: list[Utterance] = []
    next_tick = loop.time()
    while True:
        utterances = [ended for frame in call.received() if (ended := ear.feed(frame)) is not None]
        heard += utterances
        if call.ended:
            break
        sent = sender.frame(ear, utterances[-1] if utterances else None)
        if sent.hangs_up:
            await call.hang_up()
            break
        call.send(sent)
        next_tick += TICK_S
        await asyncio.sleep(max(0.0, next_tick - loop.time()))
    last = ear.finish()
    return heard if last is None else [*heard, last]


async def _records(place: _Place, mark: int, caller: str) -> list[dict[str, Any]]:
    """Read what the service has logged of the caller's latest call, up to its end."""
    give_up = time.monotonic() + _LOG_S
    while True:
        logged = await place.at_desk(lambda: list(place.house.logged_since(mark)))
        begun = [record for record in logged if record["event"] == "call_began" and record["caller"] == caller]
        records = [record for record in logged if begun and record.get("call") == begun[-1]["call"]]
        if any(record["event"] == "call_ended" for record in records) or time.monotonic() > give_up:
            return records
        await asyncio.sleep(_LOOK_AGAIN_S)
