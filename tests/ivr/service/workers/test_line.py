"""The line: messages in order and whole, whatever the other side does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from ivr.service.workers.line import Line, line_ends
from ivr.service.workers.messages import MetricsPage, TakePlace, WorkerProtocolError


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = line_ends()
    yield ours, theirs
    ours.close()
    theirs.close()


async def heard(line: Line) -> list[object]:
    return [message async for message in line.messages()]


async def test_messages_come_in_order_even_if_nobody_reads_for_a_while(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = map(Line, ends)
    sent = [TakePlace(request=number, number="0312345678") for number in range(5000)]
    for message in sent:
        ours.send(message)
    hearing = asyncio.create_task(heard(theirs))
    await ours.all_sent()
    ours.close()
    assert await hearing == sent
    assert await heard(ours) == []


async def test_a_page_of_metrics_is_one_message(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = map(Line, ends)
    page = MetricsPage(request=1, page="x" * 100_000)
    ours.send(page)
    async for message in theirs.messages():
        assert message == page
        break


async def test_a_side_that_has_gone_ends_the_messages_and_is_not_missed(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours = Line(ends[0])
    hearing = asyncio.create_task(heard(ours))
    ends[1].close()
    assert await hearing == []
    ours.send(TakePlace(request=1, number=""))
    await ours.all_sent()


async def test_a_side_that_never_reads_is_given_up(ends: tuple[socket.socket, socket.socket]) -> None:
    ours = Line(ends[0])
    for number in range(30_000):
        ours.send(TakePlace(request=number, number="0312345678"))
    async with asyncio.timeout(5):
        await ours.all_sent()
        assert await heard(ours) == []


async def test_nonsense_ends_the_messages_with_an_error(ends: tuple[socket.socket, socket.socket]) -> None:
    ours = Line(ends[0])
    ends[1].send(b"nonsense")
    with pytest.raises(WorkerProtocolError):
        await heard(ours)
