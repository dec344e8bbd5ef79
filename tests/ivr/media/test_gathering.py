"""Many calls' packets are looked for together; few calls' as they come."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from ivr.media.clock import TICK_S
from ivr.media.gathering import FEW_CALLS, GATHER_S, gather


async def _rests_in_turns_of_the_loop(calls: int, turns: int) -> list[float]:
    rests: list[float] = []
    gathering = asyncio.create_task(gather(lambda: calls, rests.append))
    for _ in range(turns):
        await asyncio.sleep(0)
    gathering.cancel()
    with suppress(asyncio.CancelledError):
        await gathering
    return rests


@pytest.mark.parametrize("calls", [0, 1, FEW_CALLS])
async def test_with_few_calls_the_loop_rests_by_itself(calls: int) -> None:
    assert await _rests_in_turns_of_the_loop(calls, turns=20) == []


async def test_with_many_calls_it_rests_once_a_turn() -> None:
    assert await _rests_in_turns_of_the_loop(FEW_CALLS + 1, turns=20) == pytest.approx([GATHER_S] * 20, abs=0.0)


async def test_calls_that_become_many_are_noticed_without_a_restart() -> None:
    calls, rested = [1], asyncio.Event()
    gathering = asyncio.create_task(gather(lambda: calls[0], lambda _: rested.set()))
    await asyncio.sleep(0)
    calls[0] = FEW_CALLS + 1
    async with asyncio.timeout(10.0):
        await rested.wait()
    gathering.cancel()


def test_a_rest_is_short_beside_a_frame() -> None:
    assert 5 * GATHER_S < TICK_S
