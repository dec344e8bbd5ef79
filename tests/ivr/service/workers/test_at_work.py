"""A worker's side of its line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from ivr.records.vitals import Vitals
from ivr.service.watching.turned_away import TurnedAway
from ivr.service.workers import messages
from ivr.service.workers.at_work import AtWork
from ivr.service.workers.line import Line, line_ends
from ivr.service.workers.messages import Message


@dataclass
class Pair:
    """A worker, and the line to it."""

    worker: AtWork
    line: Line
    heard: asyncio.Queue[Message]
    running: asyncio.Task[None]

    async def next(self, kind: type[Message]) -> Message:
        async with asyncio.timeout(5):
            while not isinstance(message := await self.heard.get(), kind):
                pass
        return message


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    ours, theirs = line_ends()
    worker, line = AtWork(Line(theirs)), Line(ours)
    heard: asyncio.Queue[Message] = asyncio.Queue()

    async def hear() -> None:
        async for message in line.messages():
            heard.put_nowait(message)

    hearing = asyncio.create_task(hear())
    running = asyncio.create_task(worker.run(lambda: Vitals(calls=4), lambda: b"karipass_keys_total 1\n"))
    yield Pair(worker, line, heard, running)
    line.close()
    await asyncio.gather(hearing, running)


async def test_it_reports_how_it_is_and_writes_its_metrics(pair: Pair) -> None:
    report = await pair.next(messages.Report)
    assert isinstance(report, messages.Report)
    assert report.vitals["calls"] == 4
    pair.line.send(messages.ReadMetrics(request=9))
    assert await pair.next(messages.MetricsPage) == messages.MetricsPage(request=9, page="karipass_keys_total 1\n")


async def test_a_call_gets_its_place_or_the_reason_why_not(pair: Pair) -> None:
    for refusal in (None, TurnedAway.TOO_MANY_CALLS):
        taking = asyncio.create_task(pair.worker.take("0312345678"))
        asked = await pair.next(messages.TakePlace)
        assert isinstance(asked, messages.TakePlace)
        assert asked.number == "0312345678"
        pair.line.send(messages.Placed(request=asked.request, refusal=refusal))
        assert await taking is refusal
    pair.worker.give_back("0312345678")
    assert await pair.next(messages.GiveBack) == messages.GiveBack(number="0312345678")


async def test_the_place_of_a_call_that_has_ended_meanwhile_is_given_back(pair: Pair) -> None:
    taking = asyncio.create_task(pair.worker.take("0312345678"))
    asked = await pair.next(messages.TakePlace)
    assert isinstance(asked, messages.TakePlace)
    taking.cancel()
    await asyncio.sleep(0)
    pair.line.send(messages.Placed(request=asked.request))
    assert await pair.next(messages.GiveBack) == messages.GiveBack(number="0312345678")


async def test_it_obeys(pair: Pair) -> None:
    assert not pair.worker.hand_over.is_set()
    pair.line.send(messages.HandOver())
    async with asyncio.timeout(5):
        await pair.worker.hand_over.wait()
    assert not pair.worker.stop.is_set()
    pair.line.send(messages.Stop())
    async with asyncio.timeout(5):
        await pair.worker.stop.wait()


async def test_left_alone_it_takes_no_more_calls_and_lets_those_in_progress_end(pair: Pair) -> None:
    taking = asyncio.create_task(pair.worker.take("0312345678"))
    await pair.next(messages.TakePlace)
    pair.line.close()
    async with asyncio.timeout(5):
        assert await taking is TurnedAway.STOPPING
        assert await pair.worker.take("0312345678") is TurnedAway.STOPPING
        await pair.worker.hand_over.wait()
    assert not pair.worker.stop.is_set()


async def test_the_last_thing_it_sends_is_its_metrics(pair: Pair) -> None:
    await pair.worker.end()
    assert await pair.next(messages.MetricsPage) == messages.MetricsPage(request=0, page="karipass_keys_total 1\n")
    async with asyncio.timeout(5):
        await pair.running


async def test_a_message_that_is_not_for_workers_is_as_if_the_line_had_ended(pair: Pair) -> None:
    pair.line.send(messages.Serving(version=1))
    async with asyncio.timeout(5):
        await pair.worker.hand_over.wait()
        await pair.running
